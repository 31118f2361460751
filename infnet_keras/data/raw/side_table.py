"""A source that the log looks up by a key, in memory."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.conversion import ARROW_TYPES
from infnet_keras.data.raw.sources import RawFiles, file_name
from infnet_keras.data.raw.time_column import TimeColumn
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import ColumnType


class SideTable:
    """Rows by key.

    Args:
        files: the source's raw files.
        key: column that the log (or an earlier source) shares with it.
        columns: what to keep, the key included.
        types: of these columns.
        separators: of the columns whose values are split.
        reasons: of the columns whose types nobody declares.
        times: how columns of dates are read.

    Raises:
        DataError: a file cannot be read, or a key occurs twice.
    """

    def __init__(
        self,
        files: RawFiles,
        key: str,
        columns: list[str],
        types: dict[str, ColumnType],
        separators: dict[str, str],
        reasons: dict[str, str],
        times: Mapping[str, TimeColumn],
    ):
        parts = [
            pa.table(
                {
                    name: files.values(
                        block,
                        name,
                        types[name],
                        separators.get(name),
                        reasons.get(name),
                        times.get(name),
                    )
                    for name in columns
                }
            )
            for block in files.blocks(columns)
        ]
        schema = pa.schema([(name, ARROW_TYPES[types[name]]) for name in columns])
        table = pa.concat_tables([schema.empty_table(), *parts])
        self._columns = {
            name: pa.concat_arrays([*table[name].chunks, pa.nulls(1, table[name].type)])
            for name in columns
        }
        self._rows = table.num_rows
        self._keys = self._columns[key].slice(0, self._rows)
        counts = pc.value_counts(self._keys)
        repeated = pc.and_(pc.greater(counts.field("counts"), 1), counts.field("values").is_valid())
        if pc.any(repeated).as_py():
            value = pc.filter(counts.field("values"), repeated)[0].as_py()
            names = ", ".join(map(file_name, files.files))
            raise DataError(
                f"source {files.name!r} ({names}): {key} {value!r} occurs more than once; keep one "
                "row a key"
            )

    def __len__(self) -> int:
        return int(self._rows)

    def rows(self, keys: pa.Array) -> npt.NDArray[np.int32]:
        """Row of each key, -1 where there is none."""
        found = pc.index_in(keys, value_set=self._keys, skip_nulls=True)
        return np.asarray(pc.fill_null(found, -1).to_numpy(), np.int32)

    def column(self, name: str) -> pa.Array:
        """A column, with one missing value after its last row: row -1 of a `take`."""
        return self._columns[name]
