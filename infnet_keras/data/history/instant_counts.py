"""How many rows a log has at each instant, in memory that does not grow with it."""

from typing import Self

import numpy as np
import numpy.typing as npt

_MOST = 1 << 20


class InstantCounts:
    """Counts rows by instant, to find the one before which a fraction of them lies.

    Up to a million instants are told apart by the millisecond. Of more, neighbours are counted
    together: by 2 milliseconds, by 4, and so on until no more than a million counts are left. The
    result is the same in whichever order rows and other counts are added.

    Args:
        most: how many counts are kept at most.

    Example:
        >>> counts = InstantCounts()
        >>> counts.add(np.array([10, 20, 20, 30, 40]))
        >>> counts.start(0.6)
        30
    """

    def __init__(self, most: int = _MOST):
        self._most = most
        self._shift = 0  # an instant t is counted at t >> shift
        self._instants = np.zeros(0, np.int64)
        self._rows = np.zeros(0, np.int64)

    def add(self, instants: npt.NDArray[np.int64]) -> None:
        """Count rows, by their times in milliseconds since 1970."""
        self._merge(instants >> self._shift, np.ones(len(instants), np.int64))

    def merge(self, other: Self) -> None:
        """Add what another one has counted."""
        shift = max(self._shift, other._shift)
        self._coarsen(shift)
        self._merge(other._instants >> (shift - other._shift), other._rows)

    def start(self, fraction: float) -> int:
        """Where a split begins: the instant before which a share of rows lies that is nearest.

        All rows of one instant are on the same side of it. The instant after the last one is
        among them.

        Args:
            fraction: of the rows, before it.

        Returns:
            Milliseconds since 1970.
        """
        before = np.concatenate([[0], np.cumsum(self._rows)])
        distance = np.abs(before - fraction * before[-1])
        nearest = len(distance) - 1 - int(np.argmin(distance[::-1]))  # of two the later
        if nearest == len(self._instants):
            last = self._instants[-1:].tolist() or [-1]
            return int(last[0] + 1) << self._shift
        return int(self._instants[nearest]) << self._shift

    def _merge(self, instants: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> None:
        self._instants, places = np.unique(
            np.concatenate([self._instants, instants]), return_inverse=True
        )
        counted = np.zeros(len(self._instants), np.int64)
        np.add.at(counted, places, np.concatenate([self._rows, rows]))
        self._rows = counted
        while len(self._instants) > self._most:
            self._coarsen(self._shift + 1)

    def _coarsen(self, shift: int) -> None:
        if shift > self._shift:
            coarse = self._instants >> (shift - self._shift)
            self._shift = shift
            self._instants = np.zeros(0, np.int64)
            rows, self._rows = self._rows, np.zeros(0, np.int64)
            self._merge(coarse, rows)
