"""Sessions to batch, and threads to call them from."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from half_plus_two_session import HalfPlusTwoSession, signature

from serving.batching.batch_scheduler import BatchScheduler
from serving.batching.batching_options import BatchingOptions
from serving.batching.batching_session import BatchingSession

SIGNATURES = [
    signature(["x"], ["y"]),
    signature(["x", "x2"], ["y", "y3"]),
    signature(["text"], ["upper"]),
    signature(["x"], ["y", "mean"]),
    signature(["x"], ["first"]),
]


@pytest.fixture
def plain() -> HalfPlusTwoSession:
    return HalfPlusTwoSession()


@pytest.fixture
def make_scheduler() -> Iterator[Callable[..., BatchScheduler]]:
    """Makes schedulers of so many threads, and closes them."""
    schedulers = []

    def make(threads: int = 1) -> BatchScheduler:
        schedulers.append(BatchScheduler(BatchingOptions(num_batch_threads=threads)))
        return schedulers[-1]

    yield make
    for scheduler in schedulers:
        scheduler.close()


@pytest.fixture
def batched(
    plain: HalfPlusTwoSession, make_scheduler: Callable[..., BatchScheduler]
) -> Iterator[Callable[..., BatchingSession]]:
    """Wraps `plain` with options; one thread runs batches unless told otherwise."""

    def wrap(**options: Any) -> BatchingSession:
        chosen = BatchingOptions(**{"num_batch_threads": 1} | options)
        scheduler = make_scheduler(chosen.num_batch_threads)
        return BatchingSession(plain, SIGNATURES, chosen, scheduler)

    yield wrap
    plain.gate.set()


@pytest.fixture
def call() -> Iterator[Callable[..., Future[Any]]]:
    """Calls a function in a thread of its own."""
    with ThreadPoolExecutor(max_workers=64) as pool:
        yield pool.submit
