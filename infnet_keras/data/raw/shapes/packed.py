"""Features packed into one cell become columns."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.shapes.list_cells import collected, list_cells, rows_of
from infnet_keras.data.raw.values.conversion import convert
from infnet_keras.errors import DataError
from infnet_keras.spec.row_shapes import Packed


class PackedFeatures:
    """The features of one block's cells.

    Args:
        block: rows of a file.
        rule: how its cells pack features.

    Raises:
        DataError: a feature cannot be taken apart; names file, row and feature.

    Example:
        >>> rule = Packed(column="features", separator=",", id_separator=":")
        >>> block = Block("log.csv", 0, pa.table({"features": ["101:26,102:3", "102:4,102:5"]}))
        >>> features = PackedFeatures(block, rule)
        >>> features.names
        ['101', '102']
        >>> features.column("101").to_pylist(), features.column("102").to_pylist()
        (['26', None], [['3'], ['4', '5']])
    """

    def __init__(self, block: Block, rule: Packed):
        self._rule = rule
        lists = list_cells(block, rule.column, rule.separator, "packed", drop_empty=True)
        self._count = len(lists)
        rows = rows_of(lists)
        features = convert(
            lists.flatten(), "string", None, rule.column, block.file, lambda at: block.row(rows[at])
        )
        self._rows = rows[features.is_valid().to_numpy(zero_copy_only=False)]
        features = features.drop_null()
        at_field = pc.split_pattern(features, rule.id_separator, max_splits=1)
        wrong = pc.not_equal(pc.list_value_length(at_field), 2)
        self._check(block, features, wrong)
        fields = pc.list_element(at_field, 0)
        self._ids = pc.list_element(at_field, 1)
        if rule.value_separator is not None:
            at_value = pc.split_pattern(self._ids, rule.value_separator, max_splits=1, reverse=True)
            self._check(block, features, pc.not_equal(pc.list_value_length(at_value), 2))
            self._ids = pc.list_element(at_value, 0)
        self._check(block, features, pc.or_(pc.equal(fields, ""), pc.equal(self._ids, "")))
        encoded = pc.dictionary_encode(fields)
        self._fields = {field: n for n, field in enumerate(encoded.dictionary.to_pylist())}
        self._which = encoded.indices.to_numpy()

    @property
    def names(self) -> list[str]:
        """The columns that these rows have features of, and those that the rule names."""
        named = self._rule.rename
        return list(dict.fromkeys([*named.values(), *(named.get(f, f) for f in self._fields)]))

    def column(self, name: str) -> pa.Array:
        """The ids of one field: a text a row, or lists where a row has several; null for none."""
        field = next((f for f, new in self._rule.rename.items() if new == name), name)
        here = np.flatnonzero(self._which == self._fields.get(field, -1))
        rows, ids = self._rows[here], self._ids.take(pa.array(here))
        missing = np.ones(self._count, bool)
        missing[rows] = False
        if len(np.unique(rows)) < len(rows):
            return collected(ids, rows, pa.array(missing))
        at = np.zeros(self._count, np.int64)
        at[rows] = np.arange(len(rows))
        return ids.take(pa.array(at, mask=missing))

    def _check(self, block: Block, features: pa.Array, wrong: pa.Array) -> None:
        if not pc.any(wrong).as_py():
            return
        at = pc.index(wrong, True).as_py()
        rule = self._rule
        value = "" if rule.value_separator is None else f"{rule.value_separator}value"
        raise DataError(
            f"{block.file}: column {rule.column!r} holds the feature {features[at].as_py()!r} in "
            f"{block.row(int(self._rows[at]))}, which is not "
            f"{f'field{rule.id_separator}id{value}'!r}; correct the row, or `packed` in the spec"
        )
