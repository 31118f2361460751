"""Raw values of a partition's events, from the log or looked up in the other sources."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.history.events import Events
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.joins.side_table import SideTable
from infnet_keras.data.raw.values.as_numpy import as_numpy
from infnet_keras.data.raw.values.conversion import without_more_digits

Rows = npt.NDArray[np.int64]


class ColumnValues:
    """Columns by name, computed when asked for.

    Args:
        plan: where columns come from.
        events: the partition.
        sides: the joined sources.

    Attributes:
        side_rows: for each joined source, the row of each event in it, -1 where it has none.
    """

    def __init__(self, plan: ColumnPlan, events: Events, sides: Mapping[str, SideTable]):
        self._plan = plan
        self._events = events
        self._sides = sides
        self.side_rows: dict[str, npt.NDArray[np.int32]] = {}
        for name, keys in plan.joins.items():
            self.side_rows[name] = sides[name].rows([self.values(key) for key in keys])

    def values(self, column: str, rows: Rows | None = None) -> pa.Array:
        """Values of a column, of all events or of some rows; a missing value is null."""
        return without_more_digits(self._exact(column, rows))

    def _exact(self, column: str, rows: Rows | None) -> pa.Array:
        owner = self._plan.owner[column]
        if owner not in self._plan.joins:
            if column not in self._events.table.column_names:  # here nobody has such events
                missing = self._plan.arrow_type(column)
                return pa.nulls(len(self._events) if rows is None else len(rows), missing)
            chunked = self._events.table[column]  # in one chunk, which needs no copy, if at all
            values = chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()
            return values if rows is None else values.take(pa.array(rows))
        side = self._sides[owner]
        at = self.side_rows[owner] if rows is None else self.side_rows[owner][rows]
        return side.exact_column(column).take(pa.array(np.where(at < 0, len(side), at)))

    def looked_up(self, column: str, keys: pa.Array) -> pa.Array:
        """A joined source's column at some keys; null where the source does not have the key."""
        side = self._sides[self._plan.owner[column]]
        at = side.rows([keys])
        return side.column(column).take(pa.array(np.where(at < 0, len(side), at)))

    def arrays(
        self, columns: tuple[str, ...], rows: Rows | None = None
    ) -> dict[str, npt.NDArray[np.generic]]:
        """The same as NumPy arrays, as `Condition.evaluate` takes them: its floats are exact."""
        return {column: as_numpy(self._exact(column, rows)) for column in columns}
