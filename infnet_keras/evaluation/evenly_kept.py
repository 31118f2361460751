"""Some of many rows, evenly spread, when nobody knows how many will come."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


class EvenlyKept:
    """Keeps every row until there are too many, then every second, then every fourth, ...

    Args:
        limit: most rows that are kept.

    Example:
        >>> kept = EvenlyKept(4)
        >>> for start in (0, 3, 6):
        ...     kept.add({"x": np.arange(start, start + 3)})
        >>> kept.arrays()["x"]
        array([0, 4, 8])
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._every = 1
        self._seen = 0
        self._rows = 0
        self._parts: list[dict[str, npt.NDArray[Any]]] = []

    def add(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take the next rows: arrays [rows, ...] of one length, under the same names each time."""
        rows = len(next(iter(arrays.values())))
        part = _thinned(arrays, -self._seen % self._every, self._every)
        self._seen += rows
        self._rows += len(next(iter(part.values())))
        self._parts.append(part)
        while self._rows > self._limit:
            self._every *= 2
            self._parts = [_thinned(self.arrays(), 0, 2)]
            self._rows = len(next(iter(self._parts[0].values())))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What was kept, in the order it came; empty where nothing came."""
        if not self._parts:
            return {}
        return {name: np.concatenate([p[name] for p in self._parts]) for name in self._parts[0]}


def _thinned(
    arrays: Mapping[str, npt.NDArray[Any]], start: int, every: int
) -> dict[str, npt.NDArray[Any]]:
    # A copy: a view would keep all rows in memory.
    return {name: values[start::every].copy() for name, values in arrays.items()}
