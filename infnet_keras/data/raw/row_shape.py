"""From the rows of a file to the rows of a source: features unpacked, rows exploded."""

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.block import Block
from infnet_keras.data.raw.conversion import inferred_type
from infnet_keras.data.raw.explode import exploded
from infnet_keras.data.raw.list_cells import is_list
from infnet_keras.data.raw.packed import PackedFeatures
from infnet_keras.errors import DataError
from infnet_keras.spec.row_shapes import Explode, Packed
from infnet_keras.spec.sources import ColumnType, Source

_WHOLE = r"^-?(0|[1-9][0-9]{0,17})$"
_NUMBER = r"^-?[0-9]+\.[0-9]*([eE][+-]?[0-9]+)?$"


class RowShape:
    """What a source's `packed` and `explode` make of the blocks of its files.

    Args:
        name: what errors call the source.
        source: its block in the spec.
        header: the columns of its files, with their types.
        first: rows of its first file, with the columns of `shaped_columns`; they say what columns
            come out.

    Attributes:
        types: the columns that come out, with the types that the first rows suggest.
        growth: how many rows come out for one of the file, on average.

    Raises:
        DataError: a row cannot be taken apart, or a column that comes out is there already.
    """

    def __init__(self, name: str, source: Source, header: Mapping[str, ColumnType], first: Block):
        self._packed, self._explode = source.packed, source.explode
        self.types = dict(header)
        self._origins: dict[str, list[str]] = {}
        if self._packed is not None:
            fields = PackedFeatures(first, self._packed).names
            self._replace(name, "packed", [self._packed.column], dict.fromkeys(fields, "string"))
        self.growth = 1.0
        if self._explode is not None:
            blocks = list(exploded(first, self._explode))
            rows = sum(block.table.num_rows for block in blocks)
            self.growth = rows / max(first.table.num_rows, 1)
            made = {c: _suggested(c, blocks, first, self._explode) for c in self._explode.made}
            self._replace(name, "explode", self._explode.read, made)

    def file_columns(self, columns: list[str] | None) -> list[str] | None:
        """What to read of a file for these columns; None for all of it."""
        if columns is None:
            return None
        read = dict.fromkeys(c for column in columns for c in self._origins.get(column, [column]))
        if self._explode is not None:  # it says how many rows there are
            read |= dict.fromkeys(self._explode.read)
        return list(read)

    def blocks(self, block: Block, columns: list[str] | None) -> Iterator[Block]:
        """The rows that come out of a block.

        Args:
            block: rows of a file, with the columns of `file_columns`.
            columns: what is asked for; None for everything, which tells repeats of a row apart.

        Raises:
            DataError: a row cannot be taken apart; names file, row and cell.
        """
        if self._packed is not None:
            block = self._unpacked(block, self._packed, columns)
        for each in [block] if self._explode is None else exploded(block, self._explode):
            yield each if columns is None else each._replace(table=each.table.select(columns))

    def _unpacked(self, block: Block, rule: Packed, columns: list[str] | None) -> Block:
        fields = [column for column, read in self._origins.items() if read == [rule.column]]
        wanted = [field for field in fields if columns is None or field in columns]
        if not wanted:
            return block
        features = PackedFeatures(block, rule)
        found = {name: block.table[name] for name in block.table.column_names}
        found |= {field: features.column(field) for field in wanted}
        return block._replace(table=pa.table(found))

    def _replace(
        self, source: str, key: str, read: list[str], made: Mapping[str, ColumnType]
    ) -> None:
        for column in read:
            del self.types[column]
        for column in made:
            if column in self.types:
                raise DataError(
                    f"source {source!r}: `{key}` makes a column {column!r}, which its files have "
                    "already; give it another name"
                )
        self.types |= made
        self._origins |= dict.fromkeys(made, read)


def shaped_columns(source: Source) -> list[str]:
    """The columns of the files that a source takes apart; empty where its rows are as they are."""
    packed = [] if source.packed is None else [source.packed.column]
    return packed + ([] if source.explode is None else source.explode.read)


def _suggested(column: str, blocks: list[Block], first: Block, rule: Explode) -> ColumnType:
    """The type of a column that rows explode into; of texts that were split, what all spell."""
    chunks = [chunk for block in blocks for chunk in block.table[column].chunks]
    if not chunks:
        return "string"
    kept = all(is_list(first.table[name].type) for name in rule.read) and not rule.part_separator
    if kept or not pa.types.is_string(chunks[0].type):
        return inferred_type(chunks[0].type)
    texts = pa.chunked_array(chunks).drop_null()
    whole = pc.match_substring_regex(texts, _WHOLE)
    if not len(texts):
        return "string"
    if pc.all(whole).as_py():
        return "int64"
    number = pc.or_(pc.match_substring_regex(texts, _NUMBER), whole)
    return "float32" if pc.all(number).as_py() else "string"
