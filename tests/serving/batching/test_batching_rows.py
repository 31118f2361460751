"""Callers of a batching session never get rows of each other."""

import threading
from typing import Any

import numpy as np
from half_plus_two_session import (
    HalfPlusTwoSession,
    half_plus_two,
    signature,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.batching.batch_scheduler import BatchScheduler
from serving.batching.batching_options import BatchingOptions
from serving.batching.batching_session import BatchingSession


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_everybody_gets_exactly_their_own_rows(data: st.DataObject) -> None:
    split, pad, padded_rows = (data.draw(st.booleans()) for _ in range(3))
    limit = data.draw(st.integers(1, 8))
    options = BatchingOptions(
        max_batch_size=limit,
        batch_timeout_micros=data.draw(st.sampled_from([0, 100, 2000])),
        max_enqueued_batches=1000,
        num_batch_threads=data.draw(st.integers(1, 3)),
        allowed_batch_sizes=tuple(sorted({max(1, limit // 2), limit})) if padded_rows else (),
        pad_variable_length_inputs=pad and not split,
        enable_large_batch_splitting=split,
        max_execution_batch_size=data.draw(st.integers(1, limit)),
    )
    sizes = data.draw(
        st.lists(st.tuples(st.integers(0, limit), st.integers(1, 4)), min_size=1, max_size=16)
    )
    requests = [
        np.arange(rows * width, dtype=np.float32).reshape(rows, width) + 1000 * number
        for number, (rows, size) in enumerate(sizes)
        for width in [size if options.pad_variable_length_inputs else 2]
    ]
    scheduler = BatchScheduler(options)
    session = BatchingSession(HalfPlusTwoSession(), [signature(["x"], ["y"])], options, scheduler)
    results: list[Any] = [None] * len(requests)
    start = threading.Barrier(len(requests))

    def run(number: int) -> None:
        start.wait()
        for _ in range(3):
            results[number] = half_plus_two(session, requests[number])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.close()
    scheduler.close()
    for x, y in zip(requests, results, strict=True):
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y[:, : x.shape[1]], x / 2 + 2)
        if x.size:
            assert (y[:, x.shape[1] :] == x[0, 0] / 2 + 2).all()
