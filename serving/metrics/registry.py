"""All metrics of a server."""

import threading
from collections.abc import Sequence

from serving.metrics.counter import Counter
from serving.metrics.histogram import Distribution, Histogram

Metric = Counter | Histogram
# What a registry's metrics hold, apart from them: it can be sent to another process.
Values = dict[str, dict[tuple[str, ...], int] | dict[tuple[str, ...], Distribution]]


class Registry:
    """Makes metrics and knows all that it made.

    Example:
        >>> registry = Registry()
        >>> registry.counter("/requests", "Requests answered.", ["model"]).increment("half")
        >>> [metric.name for metric in registry.metrics()]
        ['/requests']

    Source:
        TensorFlow, core/lib/monitoring/collection_registry.h.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._metrics: dict[str, Metric] = {}

    def counter(self, name: str, description: str, labels: Sequence[str] = ()) -> Counter:
        """A new counter; see `Counter`.

        Raises:
            ValueError: the name is taken.
        """
        counter = Counter(name, description, labels)
        self._add(counter)
        return counter

    def histogram(
        self, name: str, description: str, labels: Sequence[str], bucket_limits: Sequence[float]
    ) -> Histogram:
        """A new histogram; see `Histogram`.

        Raises:
            ValueError: the name is taken.
        """
        histogram = Histogram(name, description, labels, bucket_limits)
        self._add(histogram)
        return histogram

    def metrics(self) -> list[Metric]:
        """Every metric, in the order of their names."""
        with self._lock:
            return [self._metrics[name] for name in sorted(self._metrics)]

    def values(self) -> Values:
        """Name of the metric -> its values by labels, as they are now."""
        return {metric.name: metric.values() for metric in self.metrics()}

    def _add(self, metric: Metric) -> None:
        with self._lock:
            if metric.name in self._metrics:
                raise ValueError(f"there is a metric {metric.name} already")
            self._metrics[metric.name] = metric


REGISTRY = Registry()
