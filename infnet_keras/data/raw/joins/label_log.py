"""Another log, in which labels are found."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.raw.joins.key_index import KeyIndex
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.data.raw.values.as_numpy import as_numpy
from infnet_keras.data.raw.values.conversion import arrow_type
from infnet_keras.errors import DataError
from infnet_keras.spec import Condition, ConditionError
from infnet_keras.spec.sources import ColumnType


class LabelLog:
    """Which keys occur in a log, in memory; a key may occur any number of times.

    Args:
        files: the log's raw files.
        keys: its key columns, each with the type of the column that is looked up in it.
        types: of the columns that conditions read.
        reasons: of the keys whose types nobody declares.

    Raises:
        DataError: a file cannot be read, or a value is not of its type.
    """

    def __init__(
        self,
        files: RawFiles,
        keys: dict[str, ColumnType],
        types: dict[str, ColumnType],
        reasons: dict[str, str],
    ):
        self._keys = list(keys)
        self._source = files.name
        read = {**types, **keys}
        parts = [
            pa.table(
                {
                    name: files.values(
                        block, name, column_type, None, reasons.get(name), exact=name not in keys
                    )
                    for name, column_type in read.items()
                }
            )
            for block in files.blocks(list(read))
        ]
        schema = pa.schema([(name, arrow_type(t, name not in keys)) for name, t in read.items()])
        self._rows = pa.concat_tables([schema.empty_table(), *parts]).combine_chunks()
        self._found: dict[str | None, KeyIndex] = {}

    @property
    def example(self) -> list[object] | None:
        """The key of its first row that has one."""
        return self._index(None).example

    def holds(self, keys: list[pa.Array], when: str | None) -> npt.NDArray[np.bool_]:
        """Whether the log has a row with each key.

        Args:
            keys: the values of each key.
            when: a condition over the log's own columns: which rows count. None: all.

        Raises:
            DataError: the condition does not fit its columns.
        """
        return self._index(when).rows(keys) >= 0

    def _index(self, when: str | None) -> KeyIndex:
        if when not in self._found:
            rows = self._rows if when is None else self._rows.filter(self._mask(when))
            columns = [rows[name].combine_chunks() for name in self._keys]
            self._found[when] = KeyIndex(columns)
        return self._found[when]

    def _mask(self, when: str) -> pa.Array:
        condition = Condition.parse(when)
        arrays = {name: as_numpy(self._rows[name].combine_chunks()) for name in condition.columns}
        try:
            return pa.array(condition.evaluate(arrays))
        except ConditionError as error:
            raise DataError(
                f"`when` of a label found in {self._source!r}: {error}; correct it or declare the "
                "column's type"
            ) from error
