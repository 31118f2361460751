"""What callers of a batching session get."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest
from half_plus_two_session import NEVER, HalfPlusTwoSession, floats, half_plus_two, signature

from serving.batching.batch_scheduler import BatchScheduler
from serving.batching.batching_options import BatchingOptions
from serving.batching.batching_session import BatchingSession
from serving.metrics.histogram import Histogram
from serving.metrics.server_metrics import (
    BATCH_INPUT_SIZE,
    BATCH_PADDING_SIZE,
    BATCH_PROCESSED_SIZE,
    BATCH_QUEUING_LATENCY,
    BATCH_WRAPPED_RUN_COUNT,
)
from serving.status import StatusError

Wrap = Callable[..., BatchingSession]
Call = Callable[..., "Future[Any]"]


def test_concurrent_runs_share_a_batch(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call
) -> None:
    session = batched(max_batch_size=4, batch_timeout_micros=NEVER)
    first = call(half_plus_two, session, [100, 42])
    second = call(half_plus_two, session, [71.5, 18.5])
    assert first.result().tolist() == [52, 23]
    assert second.result().tolist() == [37.75, 11.25]
    assert plain.rows() == [4]


def test_a_lone_run_ends_after_the_timeout(plain: HalfPlusTwoSession, batched: Wrap) -> None:
    session = batched(max_batch_size=4, batch_timeout_micros=1000)
    assert half_plus_two(session, [100, 42]).tolist() == [52, 23]
    assert plain.rows() == [2]


def test_names_may_come_in_any_order_and_twice(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call
) -> None:
    session = batched(max_batch_size=6, batch_timeout_micros=NEVER)
    x, x2 = floats(8, 6), floats(100, 42)
    futures = [
        call(session.run, feeds, fetches)
        for feeds, fetches in [
            ({"x:0": x, "x2:0": x2}, ["y:0", "y3:0"]),
            ({"x2:0": x2, "x:0": x}, ["y3:0", "y:0"]),
            ({"x2:0": x2, "x:0": x}, ["y:0", "y3:0", "y:0"]),
        ]
    ]
    y, y3 = [6, 5], [53, 24]
    results = [[array.tolist() for array in future.result()] for future in futures]
    assert results == [[y, y3], [y3, y], [y, y3, y]]
    assert len(plain.runs) == 1


def test_each_signature_has_batches_of_its_own(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call
) -> None:
    session = batched(max_batch_size=2, batch_timeout_micros=NEVER)
    text = np.array([b"a"], object)
    futures = [
        call(session.run, {"text:0": text}, ["upper:0"]),
        call(half_plus_two, session, [8]),
        call(session.run, {"text:0": text}, ["upper:0"]),
        call(half_plus_two, session, [6]),
    ]
    assert [future.result()[0] for future in futures] == [[b"A"], 6.0, [b"A"], 5.0]
    assert sorted(tuple(feeds) for feeds in plain.runs) == [("text:0",), ("x:0",)]


def test_runs_of_other_fetches_are_batched_apart(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call
) -> None:
    session = batched(max_batch_size=2, batch_timeout_micros=NEVER)
    feeds = {"x:0": floats(8), "x2:0": floats(100)}
    futures = [call(session.run, feeds, ["y3:0"]) for _ in range(2)]
    assert [future.result()[0].tolist() for future in futures] == [[53.0], [53.0]]
    assert plain.rows() == [2]


def test_the_number_of_queues_is_bounded(
    plain: HalfPlusTwoSession, make_scheduler: Callable[..., BatchScheduler]
) -> None:
    options = BatchingOptions(max_batch_size=1)
    session = BatchingSession(plain, [signature(["x"], ["y"])], options, make_scheduler())
    for number in range(64):
        session.run({"x:0": floats(1), f"unused{number}": floats(1)}, ["y:0"])
    # No queue any more: so rows beyond any batch's are no longer refused.
    (y,) = session.run({"x:0": floats(1, 2), "unused64": floats(1, 2)}, ["y:0"])
    assert y.tolist() == [2.5, 3]
    with pytest.raises(StatusError, match="Task size 2"):
        half_plus_two(session, [1, 2])


def test_a_run_may_fetch_nothing(batched: Wrap) -> None:
    assert batched().run({"x:0": floats(1)}, []) == []


@pytest.mark.parametrize("allowed", [(), (2, 4)])
def test_runs_without_rows_do_not_wait(
    plain: HalfPlusTwoSession, batched: Wrap, allowed: tuple[int, ...]
) -> None:
    session = batched(max_batch_size=4, batch_timeout_micros=NEVER, allowed_batch_sizes=allowed)
    y = half_plus_two(session, np.zeros((0, 3)))
    assert (y.shape, y.dtype) == ((0, 3), np.float32)


def test_batches_are_padded_to_allowed_sizes(plain: HalfPlusTwoSession, batched: Wrap) -> None:
    session = batched(max_batch_size=4, allowed_batch_sizes=(1, 3, 4))
    assert half_plus_two(session, [100, 42]).tolist() == [52, 23]
    (feeds,) = plain.runs
    assert feeds["x:0"].tolist() == [100, 42, 100]


def test_unequal_shapes_are_padded_with_the_first_element(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call
) -> None:
    session = batched(max_batch_size=2, batch_timeout_micros=NEVER, pad_variable_length_inputs=True)
    small = call(half_plus_two, session, [[[1, 2], [3, 4]]])
    large = call(half_plus_two, session, np.arange(5, 14).reshape(1, 3, 3))
    assert small.result().tolist() == [[[2.5, 3, 2.5], [3.5, 4, 2.5], [2.5, 2.5, 2.5]]]
    assert large.result().tolist() == [[[4.5, 5, 5.5], [6, 6.5, 7], [7.5, 8, 8.5]]]
    assert plain.rows() == [2]


@pytest.mark.parametrize("pad", [False, True])
def test_unequal_dtypes_are_run_apart(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call, pad: bool
) -> None:
    session = batched(max_batch_size=4, batch_timeout_micros=NEVER, pad_variable_length_inputs=pad)
    arrays = [np.array([8], dtype) for dtype in (np.float32, np.float64, np.float32, np.int64)]
    futures = [call(session.run, {"x:0": array}, ["y:0"]) for array in arrays]
    results = [future.result()[0] for future in futures]
    assert [result.tolist() for result in results] == [[6]] * 4
    assert [result.dtype for result in results] == [np.float32, np.float64, np.float32, np.float64]
    assert sorted(plain.rows()) == [1, 1, 2]


def test_unequal_ranks_are_run_apart_when_padding(
    plain: HalfPlusTwoSession, batched: Wrap, call: Call
) -> None:
    session = batched(max_batch_size=2, batch_timeout_micros=NEVER, pad_variable_length_inputs=True)
    flat, deep = (call(half_plus_two, session, x) for x in ([8], [[8, 6]]))
    assert flat.result().tolist() == [6]
    assert deep.result().tolist() == [[6, 5]]
    assert plain.rows() == [1, 1]


@pytest.mark.parametrize("allowed", [(), (1, 8)])
def test_large_runs_are_split_and_joined(
    plain: HalfPlusTwoSession, batched: Wrap, allowed: tuple[int, ...]
) -> None:
    session = batched(
        max_batch_size=8,
        enable_large_batch_splitting=True,
        max_execution_batch_size=3,
        allowed_batch_sizes=allowed,
    )
    x = np.arange(16).reshape(8, 2)
    np.testing.assert_array_equal(half_plus_two(session, x), x / 2 + 2)
    assert plain.rows() == ([8, 8, 8] if allowed else [3, 3, 2])
    with pytest.raises(StatusError, match="Task size 9 is larger than maximum input batch size 8"):
        half_plus_two(session, np.zeros(9))


def test_closing_runs_what_waits_and_closes_the_wrapped_session(
    plain: HalfPlusTwoSession, make_scheduler: Callable[..., BatchScheduler], call: Call
) -> None:
    scheduler = make_scheduler()
    options = BatchingOptions(max_batch_size=1, batch_timeout_micros=NEVER)
    session = BatchingSession(plain, [signature(["x"], ["y"])], options, scheduler)
    plain.gate.clear()
    running = call(half_plus_two, session, [8])
    plain.wait_for_run()
    closing = call(session.close)
    assert not plain.closed
    plain.gate.set()
    closing.result()
    assert plain.closed
    assert running.result().tolist() == [6]
    with pytest.raises(StatusError, match="is closed"):
        half_plus_two(session, [8])
    # The scheduler goes on serving others.
    other = BatchingSession(HalfPlusTwoSession(), [], BatchingOptions(), scheduler)
    assert half_plus_two(other, [8]).tolist() == [6]


def test_metrics_count_inputs_batches_and_padding(batched: Wrap) -> None:
    watched = [
        (BATCH_INPUT_SIZE, ()),
        (BATCH_PROCESSED_SIZE, ()),
        (BATCH_PADDING_SIZE, ("7",)),
        (BATCH_QUEUING_LATENCY, ("",)),
    ]
    before = [_observed(metric, *labels) for metric, labels in watched]
    runs = BATCH_WRAPPED_RUN_COUNT.values().get((), 0)
    session = batched(max_batch_size=7, allowed_batch_sizes=(7,))
    half_plus_two(session, [1, 2, 3, 4, 5, 6, 7])
    session.run({"x:0": floats(1, 2, 3, 4, 5), "x2:0": floats(1, 2, 3, 4, 5)}, ["y:0", "y3:0"])
    inputs, processed, padding, queuing = (
        np.subtract(_observed(metric, *labels), start)
        for (metric, labels), start in zip(watched, before, strict=True)
    )
    assert inputs.tolist() == [3, 7 + 5 + 5]  # one for each input tensor
    assert processed.tolist() == [2, 14]
    assert padding.tolist() == [2, 2]
    assert queuing[0] == 2
    assert queuing[1] >= 0
    assert BATCH_WRAPPED_RUN_COUNT.values()[()] == runs + 2


def _observed(metric: Histogram, *labels: str) -> tuple[int, float]:
    """How many values a histogram has, and their sum."""
    distribution = metric.values().get(labels)
    return (sum(distribution.buckets), distribution.total) if distribution else (0, 0.0)
