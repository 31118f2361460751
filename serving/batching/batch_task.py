"""Rows of a request that wait to be run with others'."""

import threading
import time
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from serving.saved_model.session import Array
from serving.status import StatusError, deadline_exceeded, invalid_argument, resource_exhausted


class BatchTask:
    """A request, or a part of it, from when it is scheduled to when its caller has the results.

    Args:
        feeds: tensor name -> array; all arrays have the same number of rows.
        deadline: seconds of `time.monotonic()` after which the caller gives up; None never does.

    Raises:
        StatusError: INVALID_ARGUMENT, the feeds cannot be batched.

    Example:
        >>> task = BatchTask({"x:0": np.float32([1, 2])}, deadline=None)
        >>> task.finish({"y:0": np.float32([2.5, 3])})  # in another thread
        >>> task.wait()
        {'y:0': array([2.5, 3. ], dtype=float32)}
    """

    __slots__ = ("_done", "_error", "_results", "deadline", "feeds", "rows", "scheduled", "started")

    def __init__(self, feeds: Mapping[str, Array], deadline: float | None) -> None:
        self.feeds = feeds
        self.rows = _count_rows(feeds)
        self.deadline = deadline
        self.scheduled = time.monotonic()
        self.started = False
        self._results: Mapping[str, Array] = {}
        self._error: StatusError | None = None
        # Held until there is an outcome: the cheapest way to wait for one event in one thread.
        self._done = threading.Lock()
        self._done.acquire()

    def split(self, sizes: Sequence[int]) -> list["BatchTask"]:
        """Parts of so many rows each, in the order of the rows, that take this task's place."""
        parts = []
        for start, stop in pairwise(accumulate(sizes, initial=0)):
            feeds = {name: array[start:stop] for name, array in self.feeds.items()}
            part = BatchTask(feeds, self.deadline)
            part.scheduled = self.scheduled
            parts.append(part)
        return parts

    def expired(self, now: float) -> bool:
        """Whether the caller has given up at this time of `time.monotonic()`."""
        return self.deadline is not None and self.deadline <= now

    def finish(self, results: Mapping[str, Array]) -> None:
        """Hand the results to the caller."""
        self._results = results
        self._done.release()

    def fail(self, error: StatusError) -> None:
        """Hand an error to the caller."""
        self._error = error
        self._done.release()

    def wait(self) -> Mapping[str, Array]:
        """The results: tensor name -> array with this task's rows.

        Raises:
            StatusError: RESOURCE_EXHAUSTED, the deadline passed before the task was run;
                DEADLINE_EXCEEDED, it passed while it was run; or why it failed.
        """
        timeout = -1.0
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            timeout = min(max(left, 0.0), threading.TIMEOUT_MAX)
        if not self._done.acquire(timeout=timeout):
            if self.started:
                raise deadline_exceeded("Deadline exceeded while the batch was running")
            raise timed_out_in_queue()
        if self._error is not None:
            # Raised in the threads of all tasks of a batch: each one raises an error of its own.
            raise StatusError(self._error.code, self._error.message) from self._error
        return self._results


def timed_out_in_queue() -> StatusError:
    """Why a task fails whose deadline passes before it is run."""
    return resource_exhausted("Run() timeout exceeded while waiting in batching queue")


def _count_rows(feeds: Mapping[str, Array]) -> int:
    if not feeds:
        raise invalid_argument("Batching Run() must have at least one input tensor")
    if any(array.ndim == 0 for array in feeds.values()):
        raise invalid_argument("Batching Run() input tensors must have at least one dimension")
    sizes = {len(array) for array in feeds.values()}
    if len(sizes) > 1:
        raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
    return sizes.pop()
