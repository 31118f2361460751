"""The files of a table to score."""

import json
from collections.abc import Collection, Sequence
from glob import escape
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from infnet_keras.data.examples.manifest import FILE_NAME
from infnet_keras.data.raw.files.file_kind import FileKind
from infnet_keras.data.raw.files.storage import Storage
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import Source

_BLOCK_ROWS = 1 << 14  # of Parquet, whose rows hold whole histories
_WRITTEN_ALONG = ("_", ".")  # _SUCCESS, .part-0.crc


class TableFile(NamedTuple):
    """One file of a table.

    Attributes:
        directory: what it was found below; directories `key=value` from there on are columns.
        name: its path from there.
    """

    directory: str
    name: str

    def opened(self, log: Source, needed: Collection[str], storage: Storage) -> RawFiles:
        """What reads the file.

        Text is laid out as in the log of the spec: its delimiter, quotes, encoding and spellings of
        missing values. Where the log has no header line, the file has one if it names what is
        needed, else the log's columns.

        Args:
            log: the source of the spec.
            needed: names of columns, of which a header holds one at least.
            storage: where the file lies.

        Raises:
            DataError: the file is not there or cannot be read.
        """
        layout = _layout(log, FileKind.of(self.name).format)
        opened = self._read_as(Source(files=escape(self.name), **layout), storage)
        if log.columns is None or FileKind.of(self.name).format != "csv":
            return opened
        layout["columns"] = log.columns
        headerless = self._read_as(Source(files=escape(self.name), **layout), storage)
        return opened if _begins_with_names(headerless, needed) else headerless

    def _read_as(self, source: Source, storage: Storage) -> RawFiles:
        return RawFiles("the table", self.directory, source, storage, _BLOCK_ROWS)


def table_files(data: Sequence[str], split: str | None, storage: Storage) -> list[TableFile]:
    """The files that are meant, in order.

    Args:
        data: files, and directories of them, whose files come sorted by path; names that begin
            with an underscore or a dot are no part of a table.
        split: of a directory of examples; None for any other.
        storage: where they lie.

    Raises:
        DataError: there is nothing, or prepared data, which hold ids.
    """
    found: list[TableFile] = []
    for given in data:
        given = given if "://" in given else str(Path(given))
        directory = given.rstrip("/") or given
        below = _below(directory, storage)
        if FILE_NAME in below:
            below = _examples(directory, below, split, storage)
        elif split is not None:
            raise DataError(
                f"{given} is neither prepared data nor examples, which alone have splits: drop "
                "--split"
            )
        if below:
            found += [TableFile(directory, name) for name in below]
        else:
            path = PurePosixPath(given)
            parent = given[: -len(path.name)].rstrip("/") or ("/" if given[:1] == "/" else ".")
            if not storage.match(parent, escape(path.name)):
                raise DataError(f"{given}: there is no such file, and no directory that holds any")
            found.append(TableFile(parent, path.name))
    return found


def kind_of(directory: str, storage: Storage) -> str | None:
    """Whether a directory was written by `infnet data prepare` ("prepared") or by the Beam job
    ("examples"); None for any other, and for a file.
    """
    if not storage.match(directory, FILE_NAME):
        return None
    with storage.open(f"{directory.rstrip('/')}/{FILE_NAME}") as stream:
        try:
            manifest = json.loads(stream.read())
        except ValueError:
            return None
    kinds = {"shards": "prepared", "file_format": "examples"}
    keys = manifest if isinstance(manifest, dict) else {}
    return next((kind for key, kind in kinds.items() if key in keys), None)


def _begins_with_names(headerless: RawFiles, needed: Collection[str]) -> bool:
    """Whether what is read as the first row are names of columns."""
    try:
        block = next(headerless.blocks(None), None)
    except DataError:  # its first line is that of the log's columns, or has not as many values
        return True
    if block is None:
        return False
    first = block.table.slice(0, 1).to_pylist()[0]
    return not set(needed).isdisjoint(first.values())


def _below(directory: str, storage: Storage) -> list[str]:
    # `**/` matches no directory at all in some file systems, and in others one at least.
    paths = {*storage.match(directory, "*"), *storage.match(directory, "**/*")}
    names = [path[len(directory) :].lstrip("/") if directory != "." else path for path in paths]
    return sorted(
        name for name in names if not any(p.startswith(_WRITTEN_ALONG) for p in name.split("/"))
    )


def _examples(directory: str, below: list[str], split: str | None, storage: Storage) -> list[str]:
    kind = kind_of(directory, storage)
    if kind is None:
        return below
    if kind == "prepared":
        raise DataError(
            f"{directory} holds prepared data: ids, which the run's model takes (--run) and an "
            "exported one does not. For --model write its rows with `python -m "
            "tfx_pipeline.beam.prepare --format parquet`"
        )
    if split is None:
        raise DataError(f"{directory} holds examples: say which, with --split (train, valid, test)")
    found = [name for name in below if name.startswith(f"Split-{split}/")]
    if not found:
        raise DataError(f"{directory} has no example in split {split!r}")
    if not found[0].endswith(".parquet"):
        raise DataError(
            f"{directory} holds tf.Examples; tables are CSV, JSON lines or Parquet: write it again "
            "with --format parquet"
        )
    return found


def _layout(log: Source, file_format: str) -> dict[str, Any]:
    words = {"csv": ("delimiter", "quote", "encoding"), "json": ("encoding",)}.get(file_format, ())
    return {name: getattr(log, name) for name in (*words, "missing_values")}
