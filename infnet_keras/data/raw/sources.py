"""The raw files of one source, read in blocks of bounded size."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.files.column_names import nearest_column
from infnet_keras.data.raw.files.csv_reader import CsvReader
from infnet_keras.data.raw.files.file_kind import FileKind, plain_name
from infnet_keras.data.raw.files.json_reader import JsonReader
from infnet_keras.data.raw.files.parquet_reader import ParquetReader
from infnet_keras.data.raw.files.partition_columns import partition_columns
from infnet_keras.data.raw.files.storage import LocalStorage, Storage
from infnet_keras.data.raw.files.text_stream import opened
from infnet_keras.data.raw.shapes.row_shape import RowShape, shaped_columns
from infnet_keras.data.raw.values.conversion import convert
from infnet_keras.data.raw.values.inference import Inferred, inferred_from_text, merged
from infnet_keras.data.raw.values.missing_text import MissingText
from infnet_keras.data.raw.values.time_column import TimeColumn
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import ColumnType, Source

_CSV_BLOCK_BYTES = 8 << 20
_PARQUET_BLOCK_ROWS = 1 << 17
_SAMPLE_BYTES = 2 << 20  # of all files that are looked at together
_LIST_BLOCK_ROWS = 1 << 8  # of rows that pack thousands each
_SAMPLE_FILES = 16
_SAMPLE_ROWS = 1 << 13  # of each of these files, where rows are taken apart
_GZIP_RATIO = 6  # of text; only sizes partitions

Reader = CsvReader | JsonReader | ParquetReader


class RawFiles:
    """The files of a source.

    Args:
        name: what errors call the source.
        raw: directory that the source's patterns start from, a path or whatever `storage` knows.
        source: its block in the spec.
        storage: where the directory lies; None for this machine's file system.
        parquet_rows: how many rows of a Parquet file are read at a time.

    Raises:
        DataError: no file matches, or the same file is there twice, by a link or compressed.
    """

    def __init__(
        self,
        name: str,
        raw: Path | str,
        source: Source,
        storage: Storage | None = None,
        parquet_rows: int = _PARQUET_BLOCK_ROWS,
    ):
        self.name = name
        self._parquet_rows = parquet_rows
        self._raw = str(raw)
        self._source = source
        self._storage = storage or LocalStorage()
        self._skipped: dict[str, None] = {}
        self._missing_text = MissingText()
        patterns = [source.files] if isinstance(source.files, str) else source.files
        found: list[str] = []
        for pattern in patterns:
            matches = self._storage.match(str(raw), pattern)
            if not matches:
                raise DataError(
                    f"source {name!r}: no file matches {pattern!r} in {raw}; correct `files` in "
                    "the spec or the directory of the raw logs"
                )
            found.extend(path for path in matches if path not in found)
        if len(set(map(plain_name, found))) < len(found):
            raise DataError(
                f"source {name!r}: {', '.join(map(file_name, found))} hold a file twice, "
                "compressed and not; keep one of the two"
            )
        self.files = found
        self._refuse_links()
        self._refuse_words_of_other_formats()

    def types(self) -> dict[str, ColumnType]:
        """Every column, with the type that the beginnings of some files suggest."""
        return {name: seen.type or "string" for name, seen in self._columns.items()}

    def reason(self, column: str) -> str:
        """What of the files says that a column has its type, for errors."""
        return self._columns[column].reason()

    def is_truth(self, column: str) -> bool:
        """Whether a column that nobody declares holds true and false."""
        seen = self._columns.get(column)
        if seen is None or seen.value is not None:
            return seen is not None and str(seen.value).lower() in ("true", "false")
        stored = self.stored_type(column)
        return stored is not None and pa.types.is_boolean(stored)

    def notes(self) -> list[str]:
        """What somebody should hear of the files, as far as they were read."""
        skipped = [f"{file} holds no row: skipped" for file in self._skipped]
        return skipped + self._missing_text.warnings(self.name)

    def stored_type(self, column: str) -> pa.DataType | None:
        """The type that the first file itself gives a column; None where all is text."""
        file = self.files[0]
        if FileKind.of(file).format != "parquet":
            return None
        with _readable(file), self._storage.open(file) as stream:
            schema = pq.read_schema(stream)
        return schema.field(column).type if column in schema.names else None

    def estimated_rows(self) -> int:
        """About how many rows the files hold, from their sizes."""
        growth = 1.0 if self._shape is None else self._shape.growth
        return int(growth * sum(self._estimated_rows(file) for file in self.files))

    def names(self, file: str) -> list[str]:
        """The columns of one of the files, those of its directories' names last; none where it is
        empty.
        """
        with _readable(file):
            present = self._names(self._reader(file))
        partitions = partition_columns(file, self._raw) if present else {}
        return list(dict.fromkeys([*present, *partitions]))

    def blocks(self, columns: list[str] | None) -> Iterator[Block]:
        """Read every file, in order.

        Args:
            columns: what to read; None for all columns.

        Raises:
            DataError: a file lacks a column or cannot be read.
        """
        for file in self.files:
            yield from self.file_blocks(file, columns)

    def file_blocks(self, file: str, columns: list[str] | None) -> Iterator[Block]:
        """Read one of the files; see `blocks`."""
        first_row = 0
        shape = self._shape
        read = columns if shape is None else shape.file_columns(columns)
        for table in self._tables(file, read):
            block = Block(file, first_row, table)
            yield from [block] if shape is None else shape.blocks(block, columns)
            first_row += table.num_rows
        if first_row == 0:
            self._skipped[file] = None

    def values(
        self,
        block: Block,
        column: str,
        column_type: ColumnType,
        separator: str | None,
        inferred_from: str | None,
        time: TimeColumn | None = None,
        exact: bool = False,
    ) -> pa.Array:
        """A column of a block in its type; see `convert`. What looks missing there is noted."""
        values = convert(
            block.table[column],
            column_type,
            separator,
            column,
            block.file,
            block.row,
            inferred_from,
            time,
            exact,
        )
        self._missing_text.add(column, values)
        return values

    @property
    def _columns(self) -> dict[str, Inferred]:
        """The columns that rows have, which are the files' own but for a source with a shape."""
        return self._inferred if self._shape is None else self._shape.inferred

    @cached_property
    def _shape(self) -> RowShape | None:
        columns = shaped_columns(self._source)
        if not columns:
            return None
        samples = [
            Block(file, 0, table.slice(0, _SAMPLE_ROWS))
            for file in self._sampled
            for table in islice(self._tables(file, columns), 1)
        ]
        if not samples:
            samples = [Block(self.files[0], 0, pa.table({c: pa.nulls(0) for c in columns}))]
        typed = FileKind.of(self.files[0]).format == "parquet"
        return RowShape(self.name, self._source, self._inferred, samples, typed)

    @property
    def _sampled(self) -> list[str]:
        """Some of the files, the first and the last among them."""
        step = -(-len(self.files) // _SAMPLE_FILES)
        return list(dict.fromkeys([*self.files[::step], *self.files[-1:]]))

    @cached_property
    def _inferred(self) -> dict[str, Inferred]:
        found: dict[str, list[Inferred]] = {}
        for file in self._sampled:
            for name, seen in self._inferred_of(file, _SAMPLE_BYTES // len(self._sampled)).items():
                found.setdefault(name, []).append(seen)
        if not found:
            raise DataError(
                f"source {self.name!r} is empty: {', '.join(map(file_name, self.files[:3]))} "
                "hold no row"
            )
        return {name: merged(seen) for name, seen in found.items()}

    def _inferred_of(self, file: str, sample_bytes: int) -> dict[str, Inferred]:
        with _readable(file):
            found = self._reader(file).inferred(sample_bytes)
        if found:
            for name, value in partition_columns(file, self._raw).items():
                seen = inferred_from_text(pa.array([value], pa.string()), file)
                found.setdefault(name, seen)
        return found

    def _refuse_links(self) -> None:
        """A file that is read twice counts every row of it twice."""
        paths: dict[str, str] = {}
        for path in self.files:
            other = paths.setdefault(self._storage.origin(path), path)
            if other != path:
                raise DataError(
                    f"source {self.name!r}: {other} and {path} are the same file; remove the link, "
                    "or correct `files` in the spec"
                )

    def _refuse_words_of_other_formats(self) -> None:
        """What lays out text must mean something for one of the files."""
        formats = {FileKind.of(file).format for file in self.files}
        idle: set[str] = set() if "csv" in formats else {"columns", "delimiter", "quote"}
        if formats == {"parquet"}:
            idle.add("encoding")
        fields = Source.model_fields
        given = {name for name in idle if getattr(self._source, name) != fields[name].default}
        if given:
            kind = "JSON lines" if "json" in formats else "Parquet"
            raise DataError(
                f"source {self.name!r}: `{min(given)}` says how CSV text is laid out, but "
                f"{file_name(self.files[0])} is {kind}; drop it"
            )

    def _reader(self, file: str) -> Reader:
        source = self._source
        kind = FileKind.of(file).format
        if kind == "parquet":
            rows = self._parquet_rows if source.explode is None else _LIST_BLOCK_ROWS
            return ParquetReader(file, source.missing_values, self._storage, rows)
        if kind == "json":
            return JsonReader(file, source, self._storage, _CSV_BLOCK_BYTES)
        return CsvReader(file, source, self._storage, _CSV_BLOCK_BYTES)

    def _tables(self, file: str, columns: list[str] | None) -> Iterator[pa.Table]:
        """Tables of the columns asked for; those of the directories' names come last."""
        partitions = partition_columns(file, self._raw)
        with _readable(file):
            reader = self._reader(file)
            present = self._names(reader)
            if not present:
                return
            partitions = {n: v for n, v in partitions.items() if n not in present}
            _need(file, columns, [*present, *partitions])
            read = [c for c in columns or present if c not in partitions] or present[:1]
            if isinstance(reader, JsonReader):
                tables = reader.blocks(read, whole=columns is None)
            else:
                tables = reader.blocks(read)
            for table in tables:
                if not table.num_rows:
                    continue
                for name, value in partitions.items():
                    if columns is None or name in columns:
                        text = pa.array([value], pa.string()).take(_zeros(table.num_rows))
                        table = table.append_column(name, text)
                yield table

    def _names(self, reader: Reader) -> list[str]:
        """The columns of a file; of objects, also those keys that others beside it have."""
        present = reader.names()
        if isinstance(reader, JsonReader) and present:
            return list(dict.fromkeys([*present, *self._inferred]))
        return present

    def _estimated_rows(self, file: str) -> int:
        kind = FileKind.of(file)
        with _readable(file):
            reader = self._reader(file)
            if isinstance(reader, ParquetReader):
                return reader.rows()
            with opened(self._storage, file) as stream:
                sample = stream.read(1 << 20)
            size = self._storage.size(file) * (_GZIP_RATIO if kind.codec is not None else 1)
        return size * max(sample.count(b"\n"), 1) // max(len(sample), 1)


def file_name(path: str) -> str:
    """The last part of a path or URL."""
    return PurePosixPath(path).name


def _zeros(count: int) -> pa.Array:
    return pa.nulls(count, pa.int8()).fill_null(0)


def _need(file: str, columns: list[str] | None, present: list[str]) -> None:
    for column in columns or []:
        if column not in present:
            raise DataError(
                f"{file}: there is no column {column!r}; {nearest_column(column, present)}"
            )


@contextmanager
def _readable(file: str) -> Iterator[None]:
    """Whatever goes wrong inside is the file's fault, but for errors on the way to a remote one.

    A generator that yields inside this block is only entered again to read on, so that its
    consumer's own errors do not pass here.
    """
    try:
        yield
    except (
        pa.ArrowException,
        OSError,
        EOFError,
        UnicodeDecodeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        if "://" in file and _may_pass(error):
            raise  # a runner tries again
        said = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise DataError(
            f"{file} cannot be read: {said}; check that it is complete and of the kind that its "
            "name says"
        ) from error


def _may_pass(error: Exception) -> bool:
    """Whether reading a remote file again may succeed.

    What is wrong with a file's bytes, Arrow says in a plain OSError without a number.
    """
    if not isinstance(error, OSError) or isinstance(error, FileNotFoundError | PermissionError):
        return False
    return type(error) is not OSError or error.errno is not None
