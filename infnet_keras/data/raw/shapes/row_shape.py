"""From the rows of a file to the rows of a source: features unpacked, rows exploded."""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.shapes.explode import exploded
from infnet_keras.data.raw.shapes.packed import PackedFeatures
from infnet_keras.data.raw.values.conversion import inferred_type
from infnet_keras.data.raw.values.inference import Inferred, inferred_from_text, merged
from infnet_keras.data.raw.values.list_values import is_list
from infnet_keras.errors import DataError
from infnet_keras.spec.row_shapes import Packed
from infnet_keras.spec.sources import Source


class RowShape:
    """What a source's `packed` and `explode` make of the blocks of its files.

    Args:
        name: what errors call the source.
        source: its block in the spec.
        header: the columns of its files, with what they seem to be.
        samples: rows of some of its files, with the columns of `shaped_columns`; they say what
            columns come out.
        typed: whether its files say of what type the elements of lists are.

    Attributes:
        inferred: the columns that come out, with what these rows suggest.
        growth: how many rows come out for one of the file, on average.

    Raises:
        DataError: a row cannot be taken apart, or a column that comes out is there already.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        header: Mapping[str, Inferred],
        samples: list[Block],
        typed: bool,
    ):
        self._packed, self._explode = source.packed, source.explode
        self.inferred = dict(header)
        self._origins: dict[str, list[str]] = {}
        if (packed := self._packed) is not None:
            fields = [field for block in samples for field in PackedFeatures(block, packed).names]
            made = {field: Inferred("string", samples[0].file, 0, None) for field in fields}
            self._replace(name, "packed", [packed.column], made)
        self.growth = 1.0
        if (explode := self._explode) is not None:
            pieces = [piece for block in samples for piece in exploded(block, explode)]
            rows = sum(block.table.num_rows for block in samples)
            self.growth = sum(piece.table.num_rows for piece in pieces) / max(rows, 1)
            lists = all(is_list(b.table[column].type) for b in samples for column in explode.read)
            typed = typed and lists and explode.part_separator is None
            made = {
                column: merged([_suggested(piece, column, typed) for piece in pieces])
                if pieces
                else Inferred(None, samples[0].file, 0, None)
                for column in explode.made
            }
            self._replace(name, "explode", explode.read, made)

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
        self, source: str, key: str, read: list[str], made: Mapping[str, Inferred]
    ) -> None:
        for column in read:
            del self.inferred[column]
        for column in made:
            if column in self.inferred:
                raise DataError(
                    f"source {source!r}: `{key}` makes a column {column!r}, which its files have "
                    "already; give it another name"
                )
        self.inferred |= made
        self._origins |= dict.fromkeys(made, read)


def shaped_columns(source: Source) -> list[str]:
    """The columns of the files that a source takes apart; empty where its rows are as they are."""
    packed = [] if source.packed is None else [source.packed.column]
    return packed + ([] if source.explode is None else source.explode.read)


def _suggested(block: Block, column: str, typed: bool) -> Inferred:
    """What a column that rows explode into seems to be: what its texts spell, unless typed."""
    values = block.table[column].combine_chunks()
    if typed or not pa.types.is_string(values.type):
        return Inferred(inferred_type(values.type), block.file, 0, None)
    seen = inferred_from_text(values, block.file)
    if seen.type is None or block.file_rows is None:  # nothing was seen, in no row
        return seen
    return seen._replace(row=block.first_row + int(block.file_rows[seen.row]))
