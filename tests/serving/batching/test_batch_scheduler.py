"""Threads that serve several queues."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from half_plus_two_session import NEVER, PATIENCE

from serving.batching.batch_scheduler import BatchScheduler
from serving.batching.batch_task import BatchTask
from serving.batching.batching_options import BatchingOptions
from serving.status import Code, StatusError


def task(rows: int = 1) -> BatchTask:
    # The deadline makes a task that is forgotten fail the test instead of blocking it.
    return BatchTask({"x": np.zeros(rows)}, time.monotonic() + PATIENCE)


class Processor:
    """Finishes tasks; records batches under its name; waits for its gate."""

    def __init__(self, name: str = "", record: list[Any] | None = None) -> None:
        self.name, self.record = name, record if record is not None else []
        self.gate, self.began = threading.Event(), threading.Semaphore(0)
        self.gate.set()

    def __call__(self, tasks: Sequence[BatchTask]) -> None:
        self.record.append((self.name, [task.rows for task in tasks]))
        self.began.release()
        assert self.gate.wait(PATIENCE)
        for task in tasks:
            task.finish({})

    def wait_for_batch(self) -> None:
        """Return once one more batch has begun than was waited for before."""
        assert self.began.acquire(timeout=PATIENCE)


def test_a_batch_runs_when_its_first_task_has_waited(
    make_scheduler: Callable[..., BatchScheduler],
) -> None:
    scheduler, process = make_scheduler(2), Processor()
    options = BatchingOptions(max_batch_size=100, batch_timeout_micros=1000)
    queue = scheduler.add_queue(options, process)
    for _ in range(3):
        (part,) = scheduler.schedule(queue, task())
        part.wait()
    assert process.record == [("", [1])] * 3


def test_a_full_batch_runs_at_once(make_scheduler: Callable[..., BatchScheduler]) -> None:
    scheduler, process = make_scheduler(), Processor()
    options = BatchingOptions(max_batch_size=3, batch_timeout_micros=NEVER)
    queue = scheduler.add_queue(options, process)
    parts = [scheduler.schedule(queue, task(rows))[0] for rows in (1, 2)]
    for part in parts:
        part.wait()
    assert process.record == [("", [1, 2])]


def test_a_busy_queue_does_not_starve_another(
    make_scheduler: Callable[..., BatchScheduler],
) -> None:
    record: list[Any] = []
    scheduler = make_scheduler()
    options = BatchingOptions(max_batch_size=1)
    busy, rare = Processor("busy", record), Processor("rare", record)
    busy.gate.clear()
    busy_queue, rare_queue = (scheduler.add_queue(options, process) for process in (busy, rare))
    parts = [scheduler.schedule(busy_queue, task())[0]]
    busy.wait_for_batch()
    parts += [scheduler.schedule(busy_queue, task())[0] for _ in range(3)]
    parts += [scheduler.schedule(rare_queue, task())[0]]
    busy.gate.set()
    for part in parts:
        part.wait()
    assert [name for name, _ in record] == ["busy", "busy", "rare", "busy", "busy"]


def test_a_timeout_is_watched_while_another_thread_is_busy(
    make_scheduler: Callable[..., BatchScheduler],
) -> None:
    scheduler, process = make_scheduler(2), Processor()
    process.gate.clear()
    options = BatchingOptions(
        max_batch_size=3,
        batch_timeout_micros=1000,
        enable_large_batch_splitting=True,
        max_execution_batch_size=2,
    )
    # Two rows run at once and block their thread; the third is due after the timeout.
    parts = scheduler.schedule(scheduler.add_queue(options, process), task(3))
    process.wait_for_batch()
    process.wait_for_batch()
    process.gate.set()
    for part in parts:
        part.wait()
    assert process.record == [("", [2]), ("", [1])]


def test_removing_a_queue_runs_what_waits_in_it(
    make_scheduler: Callable[..., BatchScheduler],
) -> None:
    scheduler, process = make_scheduler(), Processor()
    options = BatchingOptions(max_batch_size=9, batch_timeout_micros=NEVER)
    queue = scheduler.add_queue(options, process)
    (part,) = scheduler.schedule(queue, task(5))
    scheduler.remove_queue(queue)
    assert process.record == [("", [5])]
    part.wait()
    with pytest.raises(StatusError, match="is closed") as error:
        scheduler.schedule(queue, task())
    assert error.value.code is Code.UNAVAILABLE


def test_closing_runs_what_waits_and_ends_the_threads() -> None:
    scheduler = BatchScheduler(BatchingOptions(num_batch_threads=3, thread_pool_name="closing"))
    assert sum(thread.name.startswith("closing_") for thread in threading.enumerate()) == 3
    process = Processor()
    options = BatchingOptions(max_batch_size=9, batch_timeout_micros=NEVER)
    queues = [scheduler.add_queue(options, process) for _ in range(5)]
    parts = [scheduler.schedule(queue, task())[0] for queue in queues]
    scheduler.close()
    assert not any(thread.name.startswith("closing_") for thread in threading.enumerate())
    for part in parts:
        part.wait()
    for queue in queues:
        scheduler.remove_queue(queue)
    late = scheduler.add_queue(options, process)
    with pytest.raises(StatusError, match="is closed"):
        scheduler.schedule(late, task())


def test_closing_waits_for_a_hanging_batch_no_longer_than_told() -> None:
    scheduler, process = BatchScheduler(BatchingOptions(num_batch_threads=1)), Processor()
    process.gate.clear()
    (part,) = scheduler.schedule(scheduler.add_queue(BatchingOptions(), process), task())
    process.wait_for_batch()
    scheduler.close(timeout=0.01)
    process.gate.set()
    part.wait()
    scheduler.close()
