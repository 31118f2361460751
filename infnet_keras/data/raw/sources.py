"""The raw files of one source, read in blocks of bounded size."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from infnet_keras.data.raw.conversion import inferred_type
from infnet_keras.data.raw.storage import LocalStorage, Storage
from infnet_keras.errors import DataError
from infnet_keras.spec.nearest import nearest
from infnet_keras.spec.sources import ColumnType, Source

_CSV_BLOCK_BYTES = 8 << 20
_PARQUET_BLOCK_ROWS = 1 << 17
_CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4"}
_GZIP_RATIO = 6  # of text; only sizes partitions


class Block(NamedTuple):
    """Consecutive rows of one file: text columns from CSV, a file's own types from Parquet."""

    file: str
    first_row: int  # counted from 0 in its file
    table: pa.Table


class RawFiles:
    """The files of a source.

    Args:
        name: what errors call the source.
        raw: directory that the source's patterns start from, a path or whatever `storage` knows.
        source: its block in the spec.
        storage: where the directory lies; None for this machine's file system.

    Raises:
        DataError: no file matches, or the same file is there twice, compressed and not.
    """

    def __init__(self, name: str, raw: Path | str, source: Source, storage: Storage | None = None):
        self.name = name
        self._storage = storage or LocalStorage()
        self._delimiter = source.delimiter
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
        plain = {path.rpartition(".")[0] if _is_compressed(path) else path for path in found}
        if len(plain) < len(found):
            raise DataError(
                f"source {name!r}: {', '.join(map(file_name, found))} hold a file twice, "
                "compressed and not; keep one of the two"
            )
        self.files = found

    def types(self) -> dict[str, ColumnType]:
        """Every column of the first file with the type that its first block suggests."""
        file = self.files[0]
        with _readable(file):
            if _is_parquet(file):
                with self._storage.open(file) as stream:
                    schema = pq.read_schema(stream)
            else:
                with self._open_csv(file, pa.csv.ConvertOptions()) as reader:
                    schema = reader.schema
        if len(set(schema.names)) < len(schema.names):
            twice = next(n for n in schema.names if schema.names.count(n) > 1)
            raise DataError(f"{file}: two columns are called {twice!r}; rename one")
        return {field.name: inferred_type(field.type) for field in schema}

    def stored_type(self, column: str) -> pa.DataType | None:
        """The type that the first file itself gives a column; None where all is text."""
        file = self.files[0]
        if not _is_parquet(file):
            return None
        with _readable(file), self._storage.open(file) as stream:
            schema = pq.read_schema(stream)
        return schema.field(column).type if column in schema.names else None

    def estimated_rows(self) -> int:
        """About how many rows the files hold, from their sizes."""
        return sum(self._estimated_rows(file) for file in self.files)

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
        for table in self._tables(file, columns):
            yield Block(file, first_row, table)
            first_row += table.num_rows

    def _tables(self, file: str, columns: list[str] | None) -> Iterator[pa.Table]:
        with _readable(file):
            if _is_parquet(file):
                with self._storage.open(file) as stream, pq.ParquetFile(stream) as parquet:
                    _need(file, columns, parquet.schema_arrow.names)
                    for batch in parquet.iter_batches(_PARQUET_BLOCK_ROWS, columns=columns):
                        yield pa.Table.from_batches([batch])
                return
            with self._open_csv(file, pa.csv.ConvertOptions()) as reader:
                names = reader.schema.names
            _need(file, columns, names)
            text = pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=columns,
                null_values=[""],
                strings_can_be_null=True,
            )
            with self._open_csv(file, text) as reader:
                for batch in reader:
                    yield pa.Table.from_batches([batch])

    @contextmanager
    def _open_csv(
        self, file: str, convert: pa.csv.ConvertOptions
    ) -> Iterator[pa.csv.CSVStreamingReader]:
        with (
            self._open_text(file) as stream,
            pa.csv.open_csv(
                stream,
                read_options=pa.csv.ReadOptions(block_size=_CSV_BLOCK_BYTES),
                parse_options=pa.csv.ParseOptions(
                    delimiter=self._delimiter, newlines_in_values=True
                ),
                convert_options=convert,
            ) as reader,
        ):
            yield reader

    def _open_text(self, file: str) -> pa.NativeFile:
        stream = self._storage.open(file)
        codec = _CODECS.get(PurePosixPath(file).suffix)
        return stream if codec is None else pa.CompressedInputStream(stream, codec)

    def _estimated_rows(self, file: str) -> int:
        with _readable(file):
            if _is_parquet(file):
                with self._storage.open(file) as stream:
                    return int(pq.read_metadata(stream).num_rows)
            with self._open_text(file) as stream:
                sample: bytes = stream.read(1 << 20)
            size = self._storage.size(file) * (_GZIP_RATIO if _is_compressed(file) else 1)
        return size * max(sample.count(b"\n"), 1) // max(len(sample), 1)


def file_name(path: str) -> str:
    """The last part of a path or URL."""
    return PurePosixPath(path).name


def _is_parquet(file: str) -> bool:
    return PurePosixPath(file).suffix in (".parquet", ".pq")


def _is_compressed(file: str) -> bool:
    return PurePosixPath(file).suffix in _CODECS


def _need(file: str, columns: list[str] | None, present: list[str]) -> None:
    for column in columns or []:
        if column not in present:
            raise DataError(f"{file}: there is no column {column!r}; {nearest(column, present)}")


@contextmanager
def _readable(file: str) -> Iterator[None]:
    """Whatever goes wrong inside is the file's fault, but for errors on the way to a remote one.

    A generator that yields inside this block is only entered again to read on, so that its
    consumer's own errors do not pass here.
    """
    try:
        yield
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
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
