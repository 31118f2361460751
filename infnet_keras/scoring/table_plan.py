"""A table of raw rows: its files, what is read of them, and what is kept beside the scores."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.files.storage import LocalStorage, Storage
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.features.raw_inputs import RawInput
from infnet_keras.scoring.kept_columns import kept_names, kept_schema, kept_table
from infnet_keras.scoring.request_rows import RequestRows
from infnet_keras.scoring.scorer import RawArrays, Scorer
from infnet_keras.scoring.table_columns import TableColumns
from infnet_keras.scoring.table_files import TableFile, table_files
from infnet_keras.scoring.unreadable_cells import UnreadableCells
from infnet_keras.spec import FeatureSpec


class RowBatch(NamedTuple):
    """Some rows: what a request holds of them, and what the output holds beside their scores."""

    inputs: RawArrays
    kept: pa.Table


@dataclass(frozen=True)
class TablePlan:
    """Where the rows of a table are read.

    Attributes:
        spec: what the rows mean.
        inputs: what a request holds, under the spec's own names.
        files: of the table, in order.
        empty: those without a header and a row.
        schema: what the output holds beside the scores: `file`, the file as it was found below the
            directory that was given; `row`, the row's place in it, from 0; what is kept.
    """

    spec: FeatureSpec
    inputs: list[RawInput]
    files: list[TableFile]
    empty: list[TableFile]
    schema: pa.Schema

    @classmethod
    def of(
        cls,
        scorer: Scorer,
        data: Sequence[str],
        *,
        keep: Sequence[str] = (),
        split: str | None = None,
        storage: Storage | None = None,
    ) -> "TablePlan":
        """Look at the headers of every file.

        Args:
            scorer: says what a row holds.
            data: files of raw rows (CSV, JSON lines, Parquet), or directories of them.
            keep: further columns to keep beside the keys of user and item.
            split: of a directory of examples.
            storage: where the files lie; None for this machine's file system.

        Raises:
            DataError: there are no files, or one lacks a column.
        """
        spec, inputs = scorer.spec, scorer.inputs
        storage = storage or LocalStorage()
        files, empty, headers = [], [], []
        opened: list[RawFiles] = []
        for file in table_files(data, split, storage):
            raw = _opened(spec, inputs, file, storage)
            names = raw.names(raw.files[0])
            if names:
                files.append(file)
                headers.append(names)
                opened.append(raw)
            else:
                empty.append(file)
        kept = kept_names(scorer, headers, keep)
        columns = [
            TableColumns.of(spec, inputs, kept, raw.files[0], names)
            for raw, names in zip(opened, headers, strict=True)
        ]
        stored = {
            name: opened[0].stored_type(place)
            for of_file in columns[:1]
            for name, place in of_file.kept.items()
        }
        schema = kept_schema(scorer, kept, stored)
        return cls(spec, inputs, files, empty, schema)

    def estimated_rows(self, storage: Storage | None = None) -> int:
        """About how many rows there are, from the sizes of the files."""
        storage = storage or LocalStorage()
        return sum(
            _opened(self.spec, self.inputs, file, storage).estimated_rows() for file in self.files
        )

    def batches(
        self,
        file: TableFile,
        size: int,
        unreadable: UnreadableCells,
        storage: Storage | None = None,
    ) -> Iterator[RowBatch]:
        """The rows of one file, in order.

        Args:
            file: one of `files`.
            size: the most rows of a batch.
            unreadable: takes what cannot be read.
            storage: where it lies; None for this machine's file system.

        Raises:
            DataError: the file cannot be read, or unreadable values are refused.
        """
        raw = _opened(self.spec, self.inputs, file, storage or LocalStorage())
        path = raw.files[0]
        kept = self.schema.names[2:]  # behind file and row
        columns = TableColumns.of(self.spec, self.inputs, kept, path, raw.names(path))
        rows = RequestRows(self.spec, self.inputs, unreadable)
        for block in _pieces(raw.blocks(columns.read), size):
            kept_rows = kept_table(self.schema, file.name, block, columns.kept)
            yield RowBatch(rows.arrays(block, columns.inputs), kept_rows)


def _opened(
    spec: FeatureSpec, inputs: Sequence[RawInput], file: TableFile, storage: Storage
) -> RawFiles:
    needed = {name for raw in inputs for name in (raw.name, spec.served_names[raw.name])}
    return file.opened(spec.sources[spec.log_source], needed, storage)


def _pieces(blocks: Iterable[Block], size: int) -> Iterator[Block]:
    for block in blocks:
        for start in range(0, block.table.num_rows, size):
            table = block.table.slice(start, size)
            yield Block(block.file, block.first_row + start, table)
