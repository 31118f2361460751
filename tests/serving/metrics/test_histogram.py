"""Distributions of values."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.metrics.histogram import Histogram, exponential_buckets


def test_buckets_grow_by_a_factor() -> None:
    assert exponential_buckets(1, 2, 4) == [1, 2, 4, 8]
    limits = exponential_buckets(10, 1.8, 33)
    assert len(limits) == 33
    np.testing.assert_allclose(limits, np.logspace(1, 1 + 32 * np.log10(1.8), 33), rtol=1e-12)


@given(st.lists(st.floats(-10, 100) | st.sampled_from([1.0, 2.0, 4.0, 8.0]), max_size=30))
def test_values_are_counted_between_limits(values: list[float]) -> None:
    histogram = Histogram("/rows", "Rows.", [], [1, 2, 4, 8])
    for value in values:
        histogram.observe(value)
    edges = [-np.inf, 1, 2, 4, 8, np.inf]  # each bin has its lower edge
    buckets, total = histogram.values().get((), ([0] * 5, 0.0))
    assert buckets == np.histogram(values, edges)[0].tolist()
    assert total == pytest.approx(sum(values))


def test_each_combination_of_labels_has_a_distribution() -> None:
    histogram = Histogram("/latency", "Latency.", ["model"], [10])
    histogram.observe(5, "b")
    histogram.observe(50, "a")
    values = histogram.values()
    assert list(values) == [("a",), ("b",)]
    assert values["a",] == ([0, 1], 50.0)
    histogram.observe(6, "b")
    assert values["b",] == ([1, 0], 5.0), "a reading does not change any more"
    with pytest.raises(ValueError, match="/latency has the labels"):
        histogram.observe(1)


def test_no_value_of_any_thread_is_lost() -> None:
    histogram = Histogram("/rows", "Rows.", [], [1, 2])

    def observe(value: int) -> None:
        for _ in range(2000):
            histogram.observe(value)

    threads = [threading.Thread(target=observe, args=(number % 3,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert histogram.values()[()] == ([4000, 4000, 4000], 12000.0)
