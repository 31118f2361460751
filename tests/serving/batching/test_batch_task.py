"""One request's way through a queue."""

import time

import numpy as np
import pytest

from serving.batching.batch_task import BatchTask
from serving.status import Code, StatusError, not_found


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ({}, "Batching Run() must have at least one input tensor"),
        ({"x": np.array(3.0)}, "Batching Run() input tensors must have at least one dimension"),
        (
            {"x": np.zeros(2), "x2": np.zeros(3)},
            "Batching Run() input tensors must have equal 0th-dimension size",
        ),
    ],
)
def test_feeds_without_common_rows_are_refused(feeds: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(StatusError) as error:
        BatchTask(feeds, None)
    assert error.value.code is Code.INVALID_ARGUMENT
    assert error.value.message == message


def test_results_reach_the_caller() -> None:
    task = BatchTask({"x": np.zeros((3, 2))}, time.monotonic() + 60)
    assert task.rows == 3
    task.finish({"y": np.ones(3)})
    assert task.wait()["y"].tolist() == [1, 1, 1]


def test_an_error_reaches_the_caller_as_one_of_its_own() -> None:
    shared = not_found("gone")
    errors = []
    for _ in range(2):
        task = BatchTask({"x": np.zeros(1)}, None)
        task.fail(shared)
        with pytest.raises(StatusError) as error:
            task.wait()
        assert (error.value.code, error.value.message) == (Code.NOT_FOUND, "gone")
        errors.append(error.value)
    assert errors[0] is not errors[1]


@pytest.mark.parametrize(
    ("started", "code", "message"),
    [
        (
            False,
            Code.RESOURCE_EXHAUSTED,
            "Run() timeout exceeded while waiting in batching queue",
        ),
        (True, Code.DEADLINE_EXCEEDED, "Deadline exceeded while the batch was running"),
    ],
)
def test_nobody_waits_longer_than_the_deadline(started: bool, code: Code, message: str) -> None:
    task = BatchTask({"x": np.zeros(1)}, time.monotonic() + 0.001)
    task.started = started
    with pytest.raises(StatusError) as error:
        task.wait()
    assert error.value.code is code
    assert error.value.message == message


def test_a_deadline_of_centuries_is_none() -> None:
    task = BatchTask({"x": np.zeros(1)}, time.monotonic() + 1e12)
    task.finish({})
    assert task.wait() == {}


def test_parts_hold_the_rows_in_order_and_take_over_the_deadline() -> None:
    task = BatchTask({"x": np.arange(6), "s": np.array(list("abcdef"), object)}, 7.0)
    parts = task.split([1, 3, 2])
    assert [part.rows for part in parts] == [1, 3, 2]
    assert np.concatenate([part.feeds["x"] for part in parts]).tolist() == list(range(6))
    assert "".join(np.concatenate([part.feeds["s"] for part in parts])) == "abcdef"
    assert {part.deadline for part in parts} == {7.0}
    assert {part.scheduled for part in parts} == {task.scheduled}
