"""Which row of some columns holds a key of one or several values."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


class KeyIndex:
    """Rows by key; a row in which a value of its key is missing has none.

    Args:
        columns: the values of each row's key, arrays of equal length.

    Example:
        >>> days, items = pa.array(["mon", "tue"]), pa.array([7, 7])
        >>> KeyIndex([days, items]).rows([pa.array(["tue", "wed"]), pa.array([7, 7])])
        array([ 1, -1], dtype=int32)
    """

    def __init__(self, columns: list[pa.Array]):
        self._columns = columns

    def rows(self, keys: list[pa.Array]) -> npt.NDArray[np.int32]:
        """The first row of each key, -1 where there is none."""
        if len(keys) == 1:
            found = pc.index_in(keys[0], value_set=self._columns[0], skip_nulls=True)
            return np.asarray(pc.fill_null(found, -1).to_numpy(), np.int32)
        asked = _table(keys)
        joined = asked.join(self._first_rows, self._names, right_suffix=":found")
        rows = np.full(asked.num_rows, -1, np.int32)
        rows[joined[_ROW].to_numpy()] = pc.fill_null(joined[f"{_ROW}:found"], -1).to_numpy()
        return rows

    def repeats(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """The rows whose key an earlier row has, and of each the first row with that key."""
        first = self.rows(self._columns)
        again = np.flatnonzero((first >= 0) & (first != np.arange(len(first))))
        return again.astype(np.int32), first[again]

    @property
    def example(self) -> list[Any] | None:
        """The first key; None where no row has one."""
        first = self._present.slice(0, 1)
        return [first[name][0].as_py() for name in self._names] if first.num_rows else None

    @property
    def _names(self) -> list[str]:
        return [str(number) for number in range(len(self._columns))]

    @property
    def _present(self) -> pa.Table:
        """The rows that have a key."""
        return _table(self._columns).drop_null()

    @property
    def _first_rows(self) -> pa.Table:
        first = self._present.group_by(self._names).aggregate([(_ROW, "min")])
        return first.rename_columns([*self._names, _ROW])


_ROW = "row"


def _table(columns: list[pa.Array]) -> pa.Table:
    named = {str(number): values for number, values in enumerate(columns)}
    return pa.table({**named, _ROW: np.arange(len(columns[0]))})
