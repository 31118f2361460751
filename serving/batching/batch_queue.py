"""Tasks of one kind, gathered into batches in the order they came."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from serving.batching.batch_task import BatchTask
from serving.batching.batching_options import BatchingOptions
from serving.status import invalid_argument, unavailable


@dataclass
class _Batch:
    tasks: list[BatchTask] = field(default_factory=list)
    rows: int = 0
    opened: float = 0.0


class BatchQueue:
    """Batches that wait to be run: the last one is open to tasks, the others are closed.

    A queue neither locks nor waits: its `BatchScheduler` does.

    Args:
        options: limits; no more than `max_enqueued_batches` batches ever wait.
        process: runs the tasks of a batch and gives every one of them its outcome; it must not
            raise.

    Attributes:
        running: batches that were taken and are still processed.
        closed: whether the queue refuses tasks and lets go of its open batch at once.

    Example:
        >>> queue = BatchQueue(BatchingOptions(max_batch_size=8, batch_timeout_micros=2000), print)
        >>> queue.add(task, now=10.0)
        >>> queue.due()
        10.002

    Source:
        TensorFlow, core/kernels/batching_util/shared_batch_scheduler.h, internal::Queue.
    """

    def __init__(
        self, options: BatchingOptions, process: Callable[[Sequence[BatchTask]], None]
    ) -> None:
        self.process = process
        self.running = 0
        self.closed = False
        self._options = options
        self._batches = deque([_Batch()])

    def add(self, task: BatchTask, now: float) -> list[BatchTask]:
        """Put a task into the open batch, or into a new one if there is no room for it.

        Args:
            task: at least one row.
            now: seconds of `time.monotonic()`.

        Returns:
            What was put into batches: the task, or the parts it was split into.

        Raises:
            StatusError: INVALID_ARGUMENT, the task has more rows than any may have; UNAVAILABLE,
                the queue is full or closed.
        """
        self._require_room(task.rows)
        limit = self._options.largest_batch
        parts = [task]
        room = limit - self._batches[-1].rows
        if self._options.enable_large_batch_splitting and task.rows > room:
            parts = task.split(_part_sizes(task.rows, room, limit))
        for part in parts:
            if self._batches[-1].rows + part.rows > limit:
                self._batches.append(_Batch())
            batch = self._batches[-1]
            if not batch.tasks:
                batch.opened = now
            batch.tasks.append(part)
            batch.rows += part.rows
        return parts

    def due(self) -> float:
        """When a batch may be taken, in seconds of `time.monotonic()`; infinite if none waits."""
        open_batch = self._batches[-1]
        if len(self._batches) > 1:
            return -math.inf
        if not open_batch.tasks:
            return math.inf
        if self.closed or open_batch.rows >= self._options.largest_batch:
            return -math.inf
        return open_batch.opened + self._options.batch_timeout_micros * 1e-6

    def take(self) -> list[BatchTask]:
        """Remove the batch that has waited longest, open or closed."""
        batch = self._batches.popleft()
        if not self._batches:
            self._batches.append(_Batch())
        return batch.tasks

    def idle(self) -> bool:
        """Whether no task waits and none is processed."""
        return not self.running and not self._batches[0].tasks

    def _require_room(self, rows: int) -> None:
        options, waiting, open_rows = self._options, len(self._batches), self._batches[-1].rows
        full = "The batch scheduling queue to which this task was submitted is"
        if self.closed:
            raise unavailable(f"{full} closed")
        if rows > options.max_batch_size:
            raise invalid_argument(
                f"Task size {rows} is larger than maximum input batch size {options.max_batch_size}"
            )
        if options.enable_large_batch_splitting:
            limit = options.largest_batch
            capacity = (options.max_enqueued_batches - waiting) * limit + limit - open_rows
            if rows > capacity:
                raise unavailable(
                    f"{full} full; task size is {rows} but scheduling capacity is only {capacity} "
                    f"(num_enqueued_batches={waiting}, "
                    f"max_enqueued_batches={options.max_enqueued_batches}, "
                    f"open_batch_size={open_rows}, max_execution_batch_size={limit})"
                )
        elif open_rows + rows > options.max_batch_size and waiting >= options.max_enqueued_batches:
            raise unavailable(
                f"{full} full; currently {waiting} batches enqueued and max_enqueued_batches is "
                f"{options.max_enqueued_batches}"
            )


def _part_sizes(rows: int, room: int, limit: int) -> list[int]:
    """Rows of the parts of a task: the room in the open batch, then full batches, then the rest."""
    first = [room] if room else []
    full, rest = divmod(rows - room, limit)
    return first + [limit] * full + ([rest] if rest else [])
