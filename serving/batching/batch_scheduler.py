"""Threads that run the batches of every queue."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from serving.batching.batch_queue import BatchQueue
from serving.batching.batch_task import BatchTask
from serving.batching.batching_options import BatchingOptions


class BatchScheduler:
    """A few threads that take turns over the queues of all models and versions.

    A thread takes one batch of the queue that has waited longest for its turn, so that a busy queue
    does not starve the others. While none is due, threads sleep until one is; nothing polls.

    Args:
        options: `num_batch_threads` and `thread_pool_name`; each queue has the others of its own.

    Example:
        >>> scheduler = BatchScheduler(BatchingOptions(num_batch_threads=4))
        >>> queue = scheduler.add_queue(options, process)
        >>> scheduler.schedule(queue, task)[0].wait()
        >>> scheduler.close()

    Source:
        TensorFlow, core/kernels/batching_util/shared_batch_scheduler.h.
    """

    def __init__(self, options: BatchingOptions) -> None:
        # One lock over all queues: what is done under it takes microseconds, and threads of Python
        # would not do it at the same time anyway.
        lock = threading.Lock()
        self._work = threading.Condition(lock)
        self._drained = threading.Condition(lock)
        self._queues: set[BatchQueue] = set()
        # Queues with a batch to take, in turn; and those whose open batch is due later, with when.
        self._ready: OrderedDict[BatchQueue, None] = OrderedDict()
        self._timers: dict[BatchQueue, float] = {}
        self._closed = False
        self._threads = [
            threading.Thread(
                target=self._run, name=f"{options.thread_pool_name}_{number}", daemon=True
            )
            for number in range(options.num_batch_threads)
        ]
        for thread in self._threads:
            thread.start()

    def add_queue(
        self, options: BatchingOptions, process: Callable[[Sequence[BatchTask]], None]
    ) -> BatchQueue:
        """A queue that this scheduler's threads serve; see `BatchQueue`."""
        queue = BatchQueue(options, process)
        with self._work:
            queue.closed = self._closed
            self._queues.add(queue)
        return queue

    def schedule(self, queue: BatchQueue, task: BatchTask) -> list[BatchTask]:
        """Put a task into a queue; see `BatchQueue.add`."""
        with self._work:
            parts = queue.add(task, time.monotonic())
            if self._place(queue):
                self._work.notify()
        return parts

    def remove_queue(self, queue: BatchQueue) -> None:
        """Run what waits in a queue, and forget it; returns when all of its tasks are done."""
        with self._work:
            self._close_queue(queue)
            while not queue.idle():
                self._drained.wait()
            self._queues.discard(queue)

    def close(self, timeout: float | None = None) -> None:
        """Run what waits in every queue, and end the threads.

        Args:
            timeout: seconds to wait for batches that are being run; None waits for all.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._work:
            self._closed = True
            for queue in self._queues:
                self._close_queue(queue)
            self._work.notify_all()
        for thread in self._threads:
            thread.join(None if deadline is None else max(deadline - time.monotonic(), 0.0))

    def _close_queue(self, queue: BatchQueue) -> None:
        queue.closed = True
        if self._place(queue):
            self._work.notify()

    def _place(self, queue: BatchQueue) -> bool:
        """Put a queue where threads find its batch; whether it was not there before."""
        due = queue.due()
        if due > time.monotonic():
            if due == self._timers.get(queue, math.inf):
                return False
            self._timers[queue] = due
            return True
        self._timers.pop(queue, None)
        if queue in self._ready:
            return False
        self._ready[queue] = None
        return True

    def _run(self) -> None:
        while True:
            with self._work:
                queue = self._next_queue()
                if queue is None:
                    return
                tasks = queue.take()
                queue.running += 1
                self._place(queue)
                if self._ready or self._timers:
                    # While this thread is busy another one must watch what is left.
                    self._work.notify()
            queue.process(tasks)
            del tasks  # a thread without work must not hold on to the arrays of its last batch
            with self._work:
                queue.running -= 1
                self._drained.notify_all()

    def _next_queue(self) -> BatchQueue | None:
        """Wait for a queue whose turn it is; None when there will be no more."""
        while True:
            now = time.monotonic()
            for queue in [queue for queue, due in self._timers.items() if due <= now]:
                self._place(queue)
            if self._ready:
                return self._ready.popitem(last=False)[0]
            if self._closed:
                return None
            earliest = min(self._timers.values(), default=None)
            self._work.wait(None if earliest is None else earliest - now)
