"""Which row of an earlier run's table each row of a table comes from."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.training.warm_start.fitted_table import FittedTable

Rows = npt.NDArray[np.int64]
NEW = -1
"""Stands for a row that no earlier one means the same as."""


class RowMap(NamedTuple):
    """The rows of a table, by the earlier table's rows.

    Attributes:
        sources: int64 [rows], the earlier row of each row, or `NEW`.
        earlier: rows of the earlier table.
    """

    sources: Rows
    earlier: int

    @property
    def kept(self) -> int:
        """Rows that come from an earlier one."""
        return int((self.sources != NEW).sum())

    @property
    def initialised(self) -> int:
        """Rows that are new."""
        return len(self.sources) - self.kept

    @property
    def dropped(self) -> int:
        """Earlier rows that no row comes from."""
        return self.earlier - len(np.unique(self.sources[self.sources != NEW]))


def row_map(earlier: FittedTable, table: FittedTable) -> RowMap:
    """Map the rows of a table by what they stand for.

    Padding and a missing value's own row come from theirs. Out-of-vocabulary rows and hash buckets
    come from theirs one by one where their number is the same; else other values share them, and
    all are new. A vocabulary's rows go by value, identities by number. Buckets of numbers keep
    their places where there are as many of them; else each comes from the earlier bucket that its
    middle lies in, the first and the last from the first and the last. Tables of two kinds have
    no row of a value in common.

    Args:
        earlier: the table of the earlier run.
        table: the table of the same name now.

    Example:
        >>> earlier, now = (
        ...     FittedTable(Table(vocabulary={}), values) for values in (["a", "b"], ["c", "b"])
        ... )
        >>> row_map(earlier, now).sources.tolist()
        [0, 1, -1, 3]
    """
    sources = np.full(table.rows, NEW, np.int64)
    sources[0] = 0
    if earlier.table.oov == table.table.oov:
        unknown = np.arange(1, 1 + table.table.oov)
        sources[unknown] = unknown
    if earlier.table.missing == table.table.missing == "own":
        sources[table.table.missing_id] = earlier.table.missing_id
    first, earlier_first = table.table.first_value_id, earlier.table.first_value_id
    if earlier.table.kind in _SAME_VALUES[table.table.kind]:
        values = _values(earlier, table)
        found = np.flatnonzero(values != NEW)
        sources[first + found] = earlier_first + values[found]
    return RowMap(sources, earlier.rows)


_NUMBERS = ("quantiles", "boundaries")
_SAME_VALUES = {
    "vocabulary": ("vocabulary",),
    "hash": ("hash",),
    "identity": ("identity",),
    "quantiles": _NUMBERS,
    "boundaries": _NUMBERS,
}


def _values(earlier: FittedTable, table: FittedTable) -> Rows:
    """Each value's number among the earlier values, or `NEW`; both count from 0."""
    count = table.rows - table.table.first_value_id
    earlier_count = earlier.rows - earlier.table.first_value_id
    match table.table.kind:
        case "vocabulary":
            numbers = {value: number for number, value in enumerate(earlier.vocabulary or ())}
            return np.array([numbers.get(v, NEW) for v in table.vocabulary or ()], np.int64)
        case "hash":
            return np.arange(count) if count == earlier_count else np.full(count, NEW)
        case "identity":
            return np.where(np.arange(count) < earlier_count, np.arange(count), NEW)
    boundaries = np.asarray(table.boundaries, np.float64)
    earlier_boundaries = np.asarray(earlier.boundaries, np.float64)
    if (len(boundaries), count) == (len(earlier_boundaries), earlier_count):
        return np.arange(count)
    # Fitted quantiles may be fewer than asked for: the last rows are then never read.
    found = np.full(count, NEW, np.int64)
    found[0] = 0
    middles = (boundaries[1:] + boundaries[:-1]) / 2
    found[1 : len(boundaries)] = np.searchsorted(earlier_boundaries, middles, side="right")
    if len(boundaries):
        found[len(boundaries)] = len(earlier_boundaries)
    return found
