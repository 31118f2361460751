"""A source that the log looks up by a key, in memory."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.joins.key_index import KeyIndex
from infnet_keras.data.raw.sources import RawFiles, file_name
from infnet_keras.data.raw.values.conversion import ARROW_TYPES, arrow_type, without_more_digits
from infnet_keras.data.raw.values.time_column import TimeColumn
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import ColumnType


class SideTable:
    """Rows by key; equal rows of one key are one, as where parts of the data overlap.

    Args:
        files: the source's raw files.
        keys: its key columns, each with the type of the column that is looked up in it.
        columns: what to keep.
        types: of these columns.
        separators: of the columns whose values are split.
        reasons: of the columns whose types nobody declares.
        times: how columns of dates are read.
        compared: columns whose numbers are kept exact.

    Attributes:
        index: its rows by key.

    Raises:
        DataError: a file cannot be read, or rows of one key differ.
    """

    def __init__(
        self,
        files: RawFiles,
        keys: dict[str, ColumnType],
        columns: list[str],
        types: dict[str, ColumnType],
        separators: dict[str, str],
        reasons: dict[str, str],
        times: Mapping[str, TimeColumn],
        compared: frozenset[str],
    ):
        def converted(block: Block) -> pa.Table:
            return pa.table(
                {
                    f"key:{name}": files.values(block, name, t, None, reasons.get(name))
                    for name, t in keys.items()
                }
                | {
                    f"kept:{name}": files.values(
                        block,
                        name,
                        types[name],
                        separators.get(name),
                        reasons.get(name),
                        times.get(name),
                        name in compared,
                    )
                    for name in columns
                }
            )

        read = list(dict.fromkeys([*keys, *columns]))
        schema = {f"key:{name}": ARROW_TYPES[column_type] for name, column_type in keys.items()}
        schema |= {f"kept:{name}": arrow_type(types[name], name in compared) for name in columns}
        empty = pa.schema(schema.items()).empty_table()
        table = pa.concat_tables([empty, *map(converted, files.blocks(read))])
        self._columns = {}
        for name in columns:
            chunked = table[f"kept:{name}"]
            missing = pa.nulls(1, chunked.type)
            self._columns[name] = pa.concat_arrays([*chunked.chunks, missing])
        self._rows = table.num_rows
        self.index = KeyIndex([table[f"key:{name}"].combine_chunks() for name in keys])
        self._check_repeats(files, keys, table)

    def __len__(self) -> int:
        return int(self._rows)

    def rows(self, keys: list[pa.Array]) -> npt.NDArray[np.int32]:
        """Row of each key, -1 where there is none."""
        return self.index.rows(keys)

    def column(self, name: str) -> pa.Array:
        """A column, with one missing value after its last row: row -1 of a `take`."""
        return without_more_digits(self._columns[name])

    def exact_column(self, name: str) -> pa.Array:
        """The same as conditions compare it: numbers in float64."""
        return self._columns[name]

    def _check_repeats(self, files: RawFiles, keys: dict[str, ColumnType], table: pa.Table) -> None:
        """Raise DataError where rows of one key differ; equal ones are one row."""
        again, first = self.index.repeats()
        for name, values in self._columns.items():
            differs = _differ(values.take(pa.array(again)), values.take(pa.array(first)))
            if differs.any():
                row = int(again[differs.argmax()])
                key = ", ".join(f"{key} {table[f'key:{key}'][row].as_py()!r}" for key in keys)
                names = ", ".join(map(file_name, files.files))
                raise DataError(
                    f"source {files.name!r} ({names}): {key} occurs more than once, and {name!r} "
                    "differs; keep one row a key"
                )


def _differ(some: pa.Array, others: pa.Array) -> npt.NDArray[np.bool_]:
    """Where two columns hold different values; missing ones are equal."""
    if pa.types.is_nested(some.type):  # which no kernel of Arrow compares
        pairs = zip(some.to_pylist(), others.to_pylist(), strict=True)
        return np.array([one != other for one, other in pairs], bool)
    differ = pc.not_equal(some, others)
    one_missing = pc.xor(some.is_null(), others.is_null())
    return np.asarray(pc.if_else(one_missing, True, pc.fill_null(differ, False)), bool)
