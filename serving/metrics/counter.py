"""A number that only grows, one for each combination of labels."""

import threading
from collections.abc import Sequence


class Counter:
    """Counts events; safe to use from many threads.

    Args:
        name: as in TensorFlow Serving, "/tensorflow/serving/request_count".
        description: one sentence.
        labels: names of the labels.

    Example:
        >>> requests = Counter("/requests", "Requests answered.", ["model"])
        >>> requests.increment("half")
        >>> requests.increment("half", amount=2)
        >>> requests.values()
        {('half',): 3}

    Source:
        TensorFlow, core/lib/monitoring/counter.h.
    """

    def __init__(self, name: str, description: str, labels: Sequence[str] = ()) -> None:
        self.name = name
        self.description = description
        self.labels = tuple(labels)
        self._lock = threading.Lock()
        self._values: dict[tuple[str, ...], int] = {}

    def increment(self, *labels: str, amount: int = 1) -> None:
        """Add to the number of these labels.

        Args:
            labels: one value for each name in `labels` of the counter.
            amount: what to add, not negative.

        Raises:
            ValueError: a label too few or too many, or a negative amount.
        """
        if len(labels) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {len(labels)} of them")
        if amount < 0:
            raise ValueError(f"{self.name} cannot shrink by {-amount}")
        with self._lock:
            self._values[labels] = self._values.get(labels, 0) + amount

    def values(self) -> dict[tuple[str, ...], int]:
        """The numbers as they are now, in the order of their labels."""
        with self._lock:
            return dict(sorted(self._values.items()))
