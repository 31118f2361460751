"""A distribution of values, one for each combination of labels."""

import threading
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple


class Distribution(NamedTuple):
    """What one combination of labels has observed.

    Attributes:
        buckets: how many values fell below each limit and not below the one before; the last
            number is of the values that no limit exceeds.
        total: sum of all values.
    """

    buckets: list[int]
    total: float


class Histogram:
    """Counts values by size; safe to use from many threads.

    Args:
        name: as in TensorFlow Serving, "/tensorflow/serving/request_latency".
        description: one sentence.
        labels: names of the labels.
        bucket_limits: increasing; a value that equals a limit belongs above it.

    Example:
        >>> rows = Histogram("/rows", "Rows in a request.", [], exponential_buckets(1, 2, 3))
        >>> rows.observe(3)
        >>> rows.values()
        {(): Distribution(buckets=[0, 0, 1, 0], total=3.0)}

    Source:
        TensorFlow, core/lib/monitoring/sampler.h.
    """

    def __init__(
        self, name: str, description: str, labels: Sequence[str], bucket_limits: Sequence[float]
    ) -> None:
        self.name = name
        self.description = description
        self.labels = tuple(labels)
        self.bucket_limits = tuple(bucket_limits)
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, ...], list[int]] = {}
        self._totals: dict[tuple[str, ...], float] = {}

    def observe(self, value: float, *labels: str, times: int = 1) -> None:
        """Add a value to the distribution of these labels.

        Args:
            value: to count.
            labels: one value for each name in `labels` of the histogram.
            times: how often it was observed.

        Raises:
            ValueError: a label too few or too many.
        """
        if len(labels) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {len(labels)} of them")
        bucket = bisect_right(self.bucket_limits, value)
        with self._lock:
            buckets = self._buckets.get(labels)
            if buckets is None:
                buckets = self._buckets[labels] = [0] * (len(self.bucket_limits) + 1)
                self._totals[labels] = 0.0
            buckets[bucket] += times
            self._totals[labels] += value * times

    def values(self) -> dict[tuple[str, ...], Distribution]:
        """The distributions as they are now, in the order of their labels."""
        with self._lock:
            return {
                labels: Distribution(list(buckets), self._totals[labels])
                for labels, buckets in sorted(self._buckets.items())
            }


def exponential_buckets(scale: float, growth_factor: float, count: int) -> list[float]:
    """Limits of buckets that grow by a factor.

    Args:
        scale: the first limit.
        growth_factor: how many times its predecessor each limit is.
        count: of limits.

    Example:
        >>> exponential_buckets(1, 2, 4)
        [1.0, 2.0, 4.0, 8.0]
    """
    return [float(scale * growth_factor**exponent) for exponent in range(count)]
