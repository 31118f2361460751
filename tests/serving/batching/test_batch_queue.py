"""Which tasks end up in which batch, and when a batch is due."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.batching.batch_queue import BatchQueue
from serving.batching.batch_task import BatchTask
from serving.batching.batching_options import BatchingOptions
from serving.status import Code, StatusError

FULL = "The batch scheduling queue to which this task was submitted is full; "


def queue(**options: Any) -> BatchQueue:
    return BatchQueue(BatchingOptions(**options), print)


def task(rows: int) -> BatchTask:
    return BatchTask({"x": np.zeros(rows)}, None)


def taken(queue: BatchQueue) -> list[list[int]]:
    """Rows of the tasks of all batches that wait."""
    batches = []
    while not queue.idle():
        batches.append([task.rows for task in queue.take()])
    return batches


def test_tasks_fill_batches_in_the_order_they_come() -> None:
    waiting = queue(max_batch_size=4)
    for rows in (1, 2, 2, 4, 1):
        waiting.add(task(rows), 0.0)
    assert taken(waiting) == [[1, 2], [2], [4], [1]]


def test_a_batch_is_due_when_it_is_full_or_its_first_task_has_waited() -> None:
    waiting = queue(max_batch_size=4, batch_timeout_micros=2000)
    assert waiting.due() == math.inf
    waiting.add(task(1), 10.0)
    waiting.add(task(1), 10.001)
    assert waiting.due() == pytest.approx(10.002)
    waiting.add(task(2), 10.0015)
    assert waiting.due() == -math.inf
    waiting.take()
    assert waiting.due() == math.inf
    waiting.add(task(3), 11.0)
    assert waiting.due() == pytest.approx(11.002)


def test_a_closed_batch_is_due_and_the_open_one_behind_it_is_not() -> None:
    waiting = queue(max_batch_size=4, batch_timeout_micros=2000)
    waiting.add(task(3), 10.0)
    waiting.add(task(3), 10.001)
    assert waiting.due() == -math.inf
    waiting.take()
    assert waiting.due() == pytest.approx(10.003)


def test_a_closed_queue_lets_go_of_what_it_has_and_takes_no_more() -> None:
    waiting = queue(max_batch_size=4, batch_timeout_micros=2000)
    waiting.add(task(1), 10.0)
    waiting.closed = True
    assert waiting.due() == -math.inf
    with pytest.raises(StatusError, match="is closed") as error:
        waiting.add(task(1), 10.0)
    assert error.value.code is Code.UNAVAILABLE
    waiting.take()
    assert waiting.due() == math.inf


def test_it_is_idle_when_nothing_waits_and_nothing_runs() -> None:
    waiting = queue()
    assert waiting.idle()
    waiting.add(task(1), 0.0)
    assert not waiting.idle()
    waiting.take()
    waiting.running = 1
    assert not waiting.idle()


def test_a_task_larger_than_any_batch_is_refused() -> None:
    with pytest.raises(StatusError) as error:
        queue(max_batch_size=3).add(task(4), 0.0)
    assert error.value.code is Code.INVALID_ARGUMENT
    assert error.value.message == "Task size 4 is larger than maximum input batch size 3"


def test_a_full_queue_refuses_what_needs_one_more_batch() -> None:
    waiting = queue(max_batch_size=4, max_enqueued_batches=2)
    for rows in (3, 3):
        waiting.add(task(rows), 0.0)
    with pytest.raises(StatusError) as error:
        waiting.add(task(2), 0.0)
    assert error.value.code is Code.UNAVAILABLE
    assert error.value.message == (
        f"{FULL}currently 2 batches enqueued and max_enqueued_batches is 2"
    )
    waiting.add(task(1), 0.0)
    assert taken(waiting) == [[3], [3, 1]]


def test_a_large_task_is_split_over_the_room_that_is_left() -> None:
    waiting = queue(
        max_batch_size=100, enable_large_batch_splitting=True, max_execution_batch_size=4
    )
    assert [part.rows for part in waiting.add(task(3), 0.0)] == [3]
    assert [part.rows for part in waiting.add(task(11), 0.0)] == [1, 4, 4, 2]
    assert [part.rows for part in waiting.add(task(2), 0.0)] == [2]
    assert [part.rows for part in waiting.add(task(4), 0.0)] == [4]
    assert taken(waiting) == [[3, 1], [4], [4], [2, 2], [4]]


def test_a_full_queue_refuses_a_large_task_as_a_whole() -> None:
    waiting = queue(
        max_batch_size=8,
        max_enqueued_batches=2,
        enable_large_batch_splitting=True,
        max_execution_batch_size=4,
    )
    waiting.add(task(3), 0.0)
    with pytest.raises(StatusError) as error:
        waiting.add(task(6), 0.0)
    assert error.value.code is Code.UNAVAILABLE
    assert error.value.message == (
        f"{FULL}task size is 6 but scheduling capacity is only 5 (num_enqueued_batches=1, "
        "max_enqueued_batches=2, open_batch_size=3, max_execution_batch_size=4)"
    )
    assert taken(waiting) == [[3]]


@given(
    limit=st.integers(1, 8),
    execution=st.integers(1, 8),
    split=st.booleans(),
    batches=st.integers(1, 4),
    steps=st.lists(st.integers(0, 9), max_size=40),
)
def test_rows_are_neither_lost_nor_reordered_and_their_number_is_bounded(
    limit: int, execution: int, split: bool, batches: int, steps: list[int]
) -> None:
    options = BatchingOptions(
        max_batch_size=limit,
        max_enqueued_batches=batches,
        enable_large_batch_splitting=split,
        max_execution_batch_size=min(limit, execution),
    )
    waiting = BatchQueue(options, print)
    accepted: list[int] = []
    left: list[int] = []
    refusals: set[tuple[bool, Code]] = set()
    for step, rows in enumerate(steps):
        if rows == 0 and waiting.due() < math.inf:
            batch = waiting.take()
            assert sum(task.rows for task in batch) <= options.largest_batch
            left.extend(number for task in batch for number in task.feeds["x"])
        elif rows:
            numbers = [10 * step + row for row in range(rows)]
            try:
                waiting.add(BatchTask({"x": np.array(numbers)}, None), 0.0)
            except StatusError as error:
                refusals.add((rows > limit, error.code))
            else:
                accepted.extend(numbers)
        assert len(accepted) - len(left) <= batches * options.largest_batch
    while not waiting.idle():
        left.extend(number for task in waiting.take() for number in task.feeds["x"])
    assert left == accepted
    assert refusals <= {(True, Code.INVALID_ARGUMENT), (False, Code.UNAVAILABLE)}
