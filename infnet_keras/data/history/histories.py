"""Which events of a behaviour each impression sees."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Rows = npt.NDArray[np.int64]


class Histories(NamedTuple):
    """The histories of one behaviour, for some impressions.

    Attributes:
        events: int64 [events], rows of the behaviour's events, in order; of a ready-made history
            they are places among the elements of all its cells.
        first: int32 [impressions], where in `events` each history starts.
        last: int32 [impressions], where it ends, exclusive.
    """

    events: Rows
    first: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]

    @classmethod
    def of(
        cls,
        holds: npt.NDArray[np.bool_],
        start: npt.NDArray[np.int32],
        end: npt.NDArray[np.int32],
        length: int,
    ) -> "Histories":
        """The latest events that hold, of rows start .. end - 1.

        Args:
            holds: bool [rows], which rows are events of the behaviour.
            start: first row of each impression's user.
            end: first row that is in no history of the impression.
            length: how many events a history has at most.
        """
        before = np.concatenate([np.zeros(1, np.int32), np.cumsum(holds, dtype=np.int32)])
        last = before[end]
        first = np.maximum(before[start], last - np.int32(length))
        return cls(np.flatnonzero(holds), first, last)

    @classmethod
    def of_cells(cls, cells: pa.ListArray) -> "Histories":
        """The histories that lists hold, oldest first; events are places in `cells.flatten()`.

        Example:
            >>> Histories.of_cells(pa.array([[7, 8], [], [9]])).last
            array([2, 2, 3], dtype=int32)
        """
        counts = pc.fill_null(pc.list_value_length(cells), 0).to_numpy().astype(np.int32)
        last = np.cumsum(counts, dtype=np.int32)
        return cls(np.arange(last[-1] if len(last) else 0), last - counts, last)

    def steps(self, impressions: Rows) -> tuple[npt.NDArray[np.int32], Rows]:
        """The events of some impressions' histories, one history after the other.

        Returns:
            offsets: int32 [impressions + 1], where each history starts among the rows.
            rows: int64 [offsets[-1]], the events' rows.
        """
        first = self.first[impressions].astype(np.int64)
        counts = self.last[impressions] - first
        offsets = np.concatenate([[0], np.cumsum(counts)])
        at = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], counts)
        return offsets.astype(np.int32), self.events[at]
