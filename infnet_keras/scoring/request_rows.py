"""Rows of a table as a request holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.shapes.list_cells import lengths_of, list_cells, rows_of
from infnet_keras.data.raw.values.conversion import convert, inferred_type
from infnet_keras.data.raw.values.list_values import bracketed
from infnet_keras.data.raw.values.time_column import time_columns
from infnet_keras.features.numpy.unreadable import UnreadableValues
from infnet_keras.features.raw_inputs import MISSING, RawInput
from infnet_keras.scoring.scorer import RawArrays
from infnet_keras.scoring.unreadable_cells import UnreadableCells
from infnet_keras.spec import FeatureSpec

Integers = npt.NDArray[np.int64]


class RequestRows:
    """Makes arrays of the cells of a table, as preparation reads cells.

    Of a history no more than the steps that the model reads are taken.

    Args:
        spec: what the rows mean.
        inputs: what a request holds.
        unreadable: takes what cannot be read.
    """

    def __init__(self, spec: FeatureSpec, inputs: Sequence[RawInput], unreadable: UnreadableCells):
        self._spec = spec
        self._inputs = inputs
        self._unreadable = unreadable
        self._times = time_columns(spec)
        self._separators = {
            column: separator
            for table in spec.table_columns.values()
            for column, separator in table.items()
            if separator is not None
        }
        self._unreadable_values = UnreadableValues(spec)

    def arrays(self, block: Block, places: Mapping[str, str]) -> RawArrays:
        """Every input of some rows.

        Args:
            block: the rows.
            places: name of an input -> its column; without that of a length its lists say it.

        Returns:
            As `features.raw_batch.read_raw`: "value" and "length" [rows], "sequence" [rows, n].

        Raises:
            DataError: a column holds what no input can be, or unreadable values are refused.
        """
        arrays: RawArrays = {}
        lists: dict[str, dict[str, pa.ListArray]] = {}
        for raw in self._inputs:
            if raw.kind == "value":
                cells = block.table[places[raw.name]].combine_chunks()
                arrays[raw.name] = _array(self._converted(raw, cells, block), raw)
            elif raw.kind == "sequence":
                of_behaviour = lists.setdefault(str(raw.sequence), {})
                of_behaviour[raw.name] = self._lists(raw, block, places[raw.name])
        for sequence, found in lists.items():
            arrays |= self._histories(sequence, found, block, places)
        arrays = {raw.name: arrays[raw.name] for raw in self._inputs}
        served = self._spec.served_names
        for name, of_input in self._unreadable_values.find(
            {served[name]: values for name, values in arrays.items()}
        ).items():
            own = next(raw.name for raw in self._inputs if served[raw.name] == name)
            first = f"{of_input.first!r} in {block.file}, where {of_input.expected} is expected"
            self._unreadable.add(own, of_input.count, first)
        return arrays

    def _converted(
        self, raw: RawInput, cells: pa.Array, block: Block, rows: Integers | None = None
    ) -> pa.Array:
        """Cells, or the elements of lists (`rows`: of which rows they are), in the input's type."""
        column = str(raw.column)

        def place(at: int) -> str:
            return block.row(at if rows is None else int(rows[at]))

        misread: list[int] = []
        values = convert(
            cells,
            raw.dtype,
            self._separators.get(column),
            raw.name,
            block.file,
            place,
            time=self._times.get(column),
            unreadable=misread,
        )
        if misread:
            first = f"{_shown(cells[misread[0]])} in {block.file}, {place(misread[0])}"
            self._unreadable.add(raw.name, len(misread), first)
        return values

    def _lists(self, raw: RawInput, block: Block, column: str) -> pa.ListArray:
        """The cells of a behaviour as lists of values in the input's type."""
        separator = self._spec.sequences[str(raw.sequence)].separator
        cells = block.table[column].combine_chunks()
        is_text = inferred_type(cells.type) == "string" and not pa.types.is_nested(cells.type)
        if is_text and separator is None:
            cells = self._listed(raw, cells, block)
            block = Block(block.file, block.first_row, pa.table({column: cells}))
        lists = list_cells(block, column, separator, f"sequences.{raw.sequence}", drop_empty=False)
        values = self._converted(raw, lists.flatten(), block, rows_of(lists))
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths_of(lists))]), pa.int32())
        return pa.ListArray.from_arrays(offsets, values)

    def _listed(self, raw: RawInput, cells: pa.Array, block: Block) -> pa.Array:
        """Texts such as `[1, 2]`; others are unreadable."""
        texts = convert(cells, "string", None, raw.name, block.file, block.row)
        blank = pc.equal(pc.utf8_trim_whitespace(texts), "")
        misread = pc.invert(pc.or_(bracketed(texts), blank))
        at = np.flatnonzero(pc.fill_null(misread, False).to_numpy(zero_copy_only=False))
        if not len(at):
            return texts
        first = f"{_shown(cells[int(at[0])])} in {block.file}, {block.row(int(at[0]))}"
        self._unreadable.add(raw.name, len(at), f"{first}, where a list such as [1, 2] is expected")
        return pc.if_else(misread, pa.scalar(None, pa.string()), texts)

    def _histories(
        self,
        sequence: str,
        lists: Mapping[str, pa.ListArray],
        block: Block,
        places: Mapping[str, str],
    ) -> RawArrays:
        """The lists of one behaviour as arrays, and their lengths."""
        inputs = {raw.name: raw for raw in self._inputs if raw.sequence == sequence}
        length = next(raw for raw in inputs.values() if raw.kind == "length")
        steps = np.minimum.reduce([lengths_of(cells) for cells in lists.values()])
        if length.name in places:
            steps = self._counted(length, steps, block, places[length.name])
        first = np.maximum(steps - self._spec.sequences[sequence].length, 0)
        counts = steps - first
        position = np.arange(max(int(counts.max(initial=0)), 1))
        valid = position < counts[:, None]
        arrays: RawArrays = {length.name: counts}
        for name, cells in lists.items():
            flat = _array(cells.values, inputs[name])
            missing = MISSING[inputs[name].dtype]
            steps_of = np.full(valid.shape, missing, flat.dtype)
            start = np.asarray(cells.offsets[:-1].to_numpy(), np.int64) + first
            steps_of[valid] = flat[(start[:, None] + position)[valid]]
            arrays[name] = steps_of
        return arrays

    def _counted(self, raw: RawInput, most: Integers, block: Block, column: str) -> Integers:
        """How many leading steps of each row are real; what its lists hold, where it is missing."""
        cells = block.table[column].combine_chunks()
        misread: list[int] = []
        values = convert(cells, "int64", None, raw.name, block.file, block.row, unreadable=misread)
        given = np.asarray(pc.fill_null(values, -1).to_numpy(zero_copy_only=False), np.int64)
        known = values.is_valid().to_numpy(zero_copy_only=False)
        beyond = known & ((given < 0) | (given > most))
        at = sorted({*misread, *np.flatnonzero(beyond).tolist()})
        if at:
            first = f"{_shown(cells[at[0]])} in {block.file}, {block.row(at[0])}"
            said = f"{first}, where its lists have {most[at[0]]} steps"
            self._unreadable.add(raw.name, len(at), said)
        return np.where(known & ~beyond, given, most)


def _array(values: pa.Array, raw: RawInput) -> npt.NDArray[Any]:
    """Values with what stands for a missing one in a request."""
    if raw.dtype == "string":
        values = values.cast(pa.binary())
    filled = pc.fill_null(values, pa.scalar(MISSING[raw.dtype], values.type))
    return np.asarray(filled.to_numpy(zero_copy_only=False))


def _shown(value: pa.Scalar) -> str:
    return repr(value.as_py())[:100]
