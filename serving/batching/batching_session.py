"""A session whose concurrent runs share runs of the session it wraps."""

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving.batching.batch_queue import BatchQueue
from serving.batching.batch_scheduler import BatchScheduler
from serving.batching.batch_task import BatchTask, timed_out_in_queue
from serving.batching.batching_options import BatchingOptions
from serving.batching.merge import merge_rows, split_rows
from serving.metrics.server_metrics import (
    BATCH_INPUT_SIZE,
    BATCH_PADDING_SIZE,
    BATCH_PROCESSED_SIZE,
    BATCH_QUEUING_LATENCY,
    BATCH_WRAPPED_RUN_COUNT,
)
from serving.saved_model.session import Array, Session
from serving.status import StatusError, failed_precondition, internal

_log = logging.getLogger(__name__)
_OTHER_QUEUES = 64
# TensorFlow Serving names no thread pool in this label of its server's metrics either.
_THREAD_POOL = ""


class BatchingSession:
    """Gathers runs with the same feeds and fetches into batches; implements `Session`.

    Each set of (feeds, fetches) has a queue: those of the signatures from the start, others (an
    output filter makes one) from when they are first run. Of these there are 64 at most; what comes
    after them runs at once, on its own, and so do runs without rows.

    What happens to a batch happens to all of its tasks, as in TensorFlow Serving: if the graph
    fails on one task's values, or shapes differ and are not padded, all of them get that error. But
    tasks that cannot be one tensor in any case are run apart: those whose dtypes differ and, when
    padding, those whose ranks differ. A task whose deadline passed in the queue is left out; the
    batch's deadline is the latest of the others'.

    Args:
        session: to wrap; this object closes it.
        signatures: of the model.
        options: of the queues; each queue has all of these limits for itself.
        scheduler: has the threads.

    Example:
        >>> session = BatchingSession(plain, signatures.values(), options, scheduler)
        >>> session.run({"x:0": np.float32([1, 2])}, ["y:0"])  # waits for others' rows to join
        [array([2.5, 3. ], dtype=float32)]

    Source:
        TensorFlow Serving, batching/batching_session.cc.
    """

    def __init__(
        self,
        session: Session,
        signatures: Iterable[SignatureDef],
        options: BatchingOptions,
        scheduler: BatchScheduler,
    ) -> None:
        self._session = session
        self._options = options
        self._scheduler = scheduler
        self._adding = threading.Lock()
        self._queues: dict[tuple[frozenset[str], frozenset[str]], BatchQueue] = {}
        for signature in signatures:
            feeds = frozenset(info.name for info in signature.inputs.values())
            fetches = frozenset(info.name for info in signature.outputs.values())
            if (feeds, fetches) not in self._queues:
                self._add_queue(feeds, fetches)
        self._most_queues = len(self._queues) + _OTHER_QUEUES

    def run(
        self,
        feeds: Mapping[str, Array],
        fetches: Sequence[str],
        deadline: float | None = None,
    ) -> list[Array]:
        """Run the graph, together with others' rows if there are any; see `Session.run`.

        Args:
            feeds: tensor name -> array of shape [rows, ...], the same rows in all.
            fetches: names of tensors of shape [rows, ...].
            deadline: seconds of `time.monotonic()`; no run waits longer than that.

        Returns:
            One array of these rows for each name of `fetches`; other dimensions are those of the
            whole batch, if it was padded.

        Raises:
            StatusError: INVALID_ARGUMENT, the feeds cannot be batched; UNAVAILABLE, too many rows
                wait; RESOURCE_EXHAUSTED or DEADLINE_EXCEEDED, the deadline passed in the queue or
                later; FAILED_PRECONDITION, feeds cannot be merged or results be divided; or what
                the wrapped session raised.
        """
        queue = self._queue(frozenset(feeds), frozenset(fetches))
        if queue is None:
            return self._session.run(feeds, fetches, deadline)
        task = BatchTask(feeds, deadline)
        BATCH_INPUT_SIZE.observe(task.rows, times=len(feeds))
        if not task.rows:
            return self._session.run(feeds, fetches, deadline)
        results = [part.wait() for part in self._scheduler.schedule(queue, task)]
        return [_joined([result[fetch] for result in results]) for fetch in fetches]

    def close(self) -> None:
        """Run what waits, then close the wrapped session; see `Session.close`."""
        for queue in self._queues.values():
            self._scheduler.remove_queue(queue)
        self._session.close()

    def _queue(self, feeds: frozenset[str], fetches: frozenset[str]) -> BatchQueue | None:
        queue = self._queues.get((feeds, fetches))
        if queue is None and len(self._queues) < self._most_queues:
            with self._adding:
                queue = self._queues.get((feeds, fetches)) or self._add_queue(feeds, fetches)
        return queue

    def _add_queue(self, feeds: frozenset[str], fetches: frozenset[str]) -> BatchQueue:
        # In one order: the wrapped session prepares a call for each order of the names it sees.
        process = partial(self._process, sorted(feeds), sorted(fetches))
        queue = self._scheduler.add_queue(self._options, process)
        self._queues[feeds, fetches] = queue
        return queue

    def _process(
        self, feeds: Sequence[str], fetches: Sequence[str], tasks: Sequence[BatchTask]
    ) -> None:
        now = time.monotonic()
        by_rank = self._options.pad_variable_length_inputs
        groups: dict[tuple[Any, ...], list[BatchTask]] = {}
        for task in tasks:
            BATCH_QUEUING_LATENCY.observe((now - task.scheduled) * 1e6, _THREAD_POOL)
            if task.expired(now):
                task.fail(timed_out_in_queue())
            else:
                task.started = True
                kind = _kind([task.feeds[name] for name in feeds], by_rank)
                groups.setdefault(kind, []).append(task)
        for group in groups.values():
            self._process_group(feeds, fetches, group)

    def _process_group(
        self, feeds: Sequence[str], fetches: Sequence[str], tasks: Sequence[BatchTask]
    ) -> None:
        try:
            results = self._run_together(feeds, fetches, tasks)
        except Exception as error:
            if not isinstance(error, StatusError):
                _log.exception("A batch failed in a way that no request can cause")
                error = internal(f"{type(error).__name__}: {error}")
            for task in tasks:
                task.fail(error)
        else:
            for task, result in zip(tasks, results, strict=True):
                task.finish(result)

    def _run_together(
        self, feeds: Sequence[str], fetches: Sequence[str], tasks: Sequence[BatchTask]
    ) -> list[dict[str, Array]]:
        sizes = [task.rows for task in tasks]
        rows = self._options.padded_size(sum(sizes))
        BATCH_PADDING_SIZE.observe(rows - sum(sizes), str(rows))
        BATCH_PROCESSED_SIZE.observe(rows)
        pad = self._options.pad_variable_length_inputs
        merged = {
            name: merge_rows(name, [task.feeds[name] for task in tasks], rows, pad)
            for name in feeds
        }
        deadlines = [task.deadline for task in tasks if task.deadline is not None]
        deadline = max(deadlines) if len(deadlines) == len(tasks) else None
        BATCH_WRAPPED_RUN_COUNT.increment()
        outputs = self._session.run(merged, fetches, deadline)
        results: list[dict[str, Array]] = [{} for _ in tasks]
        for fetch, output in zip(fetches, outputs, strict=True):
            for result, part in zip(results, split_rows(output, sizes, rows), strict=True):
                result[fetch] = part
        return results


def _kind(arrays: Iterable[Array], by_rank: bool) -> tuple[Any, ...]:
    """What tasks must have in common to be merged at all."""
    return tuple((array.dtype, array.ndim if by_rank else 0) for array in arrays)


def _joined(parts: Sequence[Array]) -> Array:
    if len(parts) == 1:
        return parts[0]
    if len({part.shape[1:] for part in parts}) > 1:
        raise failed_precondition(
            "The parts of a request that was split were padded to different sizes"
        )
    return np.concatenate(parts)
