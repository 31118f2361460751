"""What a caller of a batching session gets when something is wrong."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest
from half_plus_two_session import (
    NEVER,
    HalfPlusTwoSession,
    floats,
    half_plus_two,
    raised,
)

from serving.batching.batching_session import BatchingSession
from serving.status import Code, StatusError, not_found

Wrap = Callable[..., BatchingSession]
Call = Callable[..., "Future[Any]"]


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({}, "Batching Run() must have at least one input tensor"),
        ({"x:0": np.float32(3)}, "Batching Run() input tensors must have at least one dimension"),
        (
            {"x:0": floats(3), "x2:0": floats(5, 7)},
            "Batching Run() input tensors must have equal 0th-dimension size",
        ),
        ({"x:0": floats(1, 2, 3)}, "Task size 3 is larger than maximum input batch size 2"),
    ],
)
def test_what_cannot_be_batched_is_refused(
    plain: HalfPlusTwoSession, batched: Wrap, feeds: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(StatusError) as error:
        batched(max_batch_size=2).run(feeds, ["y:0"])
    assert error.value.code is Code.INVALID_ARGUMENT
    assert error.value.message == message
    assert plain.runs == []


def test_unequal_shapes_without_padding_fail_the_batch(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call
) -> None:
    session = batched(max_batch_size=2, batch_timeout_micros=NEVER)
    for future in [call(half_plus_two, session, np.zeros(shape)) for shape in [(1, 2), (1, 3)]]:
        error = raised(future)
        assert error.code is Code.FAILED_PRECONDITION
        assert "have different shapes and padding is turned off" in error.message
    assert plain.runs == []


@pytest.mark.parametrize(
    ("fetches", "message"),
    [
        (["mean:0", "y:0"], "Batched output tensor has 0 dimensions"),
        (["first:0"], "Batched output tensor's 0th dimension does not equal the sum of the"),
    ],
)
def test_outputs_without_the_rows_fail(batched: Wrap, fetches: Sequence[str], message: str) -> None:
    with pytest.raises(StatusError) as error:
        batched().run({"x:0": floats(1, 2)}, fetches)
    assert error.value.code is Code.FAILED_PRECONDITION
    assert error.value.message.startswith(message)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (not_found("the graph's own words"), Code.NOT_FOUND, "the graph's own words"),
        (ZeroDivisionError("oops"), Code.INTERNAL, "ZeroDivisionError: oops"),
    ],
)
def test_the_graphs_error_reaches_all_and_the_thread_lives_on(
    plain: HalfPlusTwoSession,
    batched: Wrap,
    call: Call,
    error: Exception,
    code: Code,
    message: str,
) -> None:
    session = batched(max_batch_size=2, batch_timeout_micros=NEVER)
    plain.error = error
    for future in [call(half_plus_two, session, [1]) for _ in range(2)]:
        failure = raised(future)
        assert (failure.code, failure.message) == (code, message)
    plain.error = None
    assert half_plus_two(session, [8, 6]).tolist() == [6, 5]


def test_a_full_queue_refuses_runs(plain: HalfPlusTwoSession, batched: Wrap, call: Call) -> None:
    session = batched(max_batch_size=1, max_enqueued_batches=2)
    plain.gate.clear()
    running = call(half_plus_two, session, [0])
    plain.wait_for_run()
    # Of three more, two fit into the queue: the third is the first to have an outcome.
    waiting = [call(half_plus_two, session, [number]) for number in (1, 2, 3)]
    refused = _first_done(waiting)
    assert raised(refused).code is Code.UNAVAILABLE
    assert raised(refused).message == (
        "The batch scheduling queue to which this task was submitted is full; currently 2 batches "
        "enqueued and max_enqueued_batches is 2"
    )
    plain.gate.set()
    assert running.result().tolist() == [2]
    for number, future in zip((1, 2, 3), waiting, strict=True):
        if future is not refused:
            assert future.result().tolist() == [number / 2 + 2]


def test_a_deadline_that_passes_in_the_queue(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call
) -> None:
    session = batched(max_batch_size=4)
    plain.gate.clear()
    running = call(half_plus_two, session, [0])
    plain.wait_for_run()
    with pytest.raises(StatusError) as error:
        half_plus_two(session, [1], deadline=time.monotonic() + 0.001)
    assert error.value.code is Code.RESOURCE_EXHAUSTED
    assert error.value.message == "Run() timeout exceeded while waiting in batching queue"
    joined = call(half_plus_two, session, [2, 3, 4])
    plain.gate.set()
    assert running.result().tolist() == [2]
    assert joined.result().tolist() == [3, 3.5, 4]
    # What was given up is not run, though it filled the batch.
    assert plain.rows() == [1, 3]


def test_the_deadline_of_a_batch_is_its_tasks_latest(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call
) -> None:
    session = batched(max_batch_size=2, batch_timeout_micros=NEVER)
    now = time.monotonic()
    for deadlines in ([now + 100, now + 200], [now + 100, None]):
        for future in [call(half_plus_two, session, [1], deadline=end) for end in deadlines]:
            future.result()
    assert plain.deadlines == [now + 200, None]


def test_parts_padded_to_different_sizes_cannot_be_joined(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call
) -> None:
    session = batched(
        max_batch_size=4,
        batch_timeout_micros=NEVER,
        enable_large_batch_splitting=True,
        max_execution_batch_size=3,
        pad_variable_length_inputs=True,
    )
    split = call(half_plus_two, session, np.zeros((4, 1)))
    plain.wait_for_run()  # of the first three rows; the fourth waits for company
    assert half_plus_two(session, np.zeros((2, 2))).shape == (2, 2)
    assert raised(split).code is Code.FAILED_PRECONDITION
    assert plain.rows() == [3, 3]


def _first_done(futures: Sequence["Future[Any]"]) -> "Future[Any]":
    done = threading.Semaphore(0)
    for future in futures:
        future.add_done_callback(lambda _: done.release())
    assert done.acquire(timeout=30)
    return next(future for future in futures if future.done())
