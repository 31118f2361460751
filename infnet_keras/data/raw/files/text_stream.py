"""The text of a file, out of its container, as UTF-8 or as it lies there."""

import codecs
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import pyarrow as pa

from infnet_keras.data.raw.files.file_kind import FileKind, recognized
from infnet_keras.data.raw.files.storage import Storage
from infnet_keras.errors import DataError

_HEAD = 4096
_MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"} | {
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class ByteStream(Protocol):
    """What is read from."""

    def read(self, size: int) -> bytes:
        """The next bytes, at most so many; none at the end."""


@contextmanager
def opened(storage: Storage, file: str) -> Iterator[ByteStream]:
    """The bytes of a text file, decompressed.

    Raises:
        DataError: the file is not in the container that its name promises.
    """
    codec = FileKind.of(file).codec
    with storage.open(file) as stream:
        head = stream.read(_HEAD)
        stream.seek(0)
        if codec is None or not head:
            yield stream
            return
        found = recognized(head)
        if codec == "zip":
            if found != "a zip archive":
                _not_as_named(file, found)
            with _member(file, stream) as member:
                yield member
            return
        expected = {"gzip": "gzip", "bz2": "bzip2", "zstd": "zstd", "lz4": "lz4"}[codec]
        if found not in (None, f"compressed with {expected}"):
            _not_as_named(file, found)
        with pa.CompressedInputStream(stream, codec) as plain:
            yield plain


def text_chunks(stream: ByteStream, file: str, encoding: str, size: int) -> Iterator[bytes]:
    """The text piece by piece, transcoded to UTF-8 unless it is declared to be that.

    Args:
        stream: the bytes, decompressed.
        file: for errors.
        encoding: how they spell characters.
        size: about how many bytes a piece has.

    Raises:
        DataError: the bytes are not text, or not in this encoding.
    """
    name = codecs.lookup(encoding).name
    data = stream.read(size)
    wide = name.startswith(("utf-16", "utf-32"))  # such text looks binary
    if not wide and (found := recognized(data[:_HEAD])) is not None:
        _not_as_named(file, found)
    if name in ("utf-8", "ascii"):
        yield from _as_it_is(data, stream, file, size)
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 0
    mark = "\ufeff"
    while data:
        following = stream.read(size)
        try:
            text = decoder.decode(data, final=not following)
        except UnicodeError as error:
            start = error.start if isinstance(error, UnicodeDecodeError) else 0
            line = lines + data.count(b"\n", 0, start) + 1
            raise DataError(
                f"{file}: line {line} is not text in {encoding}; correct the `encoding` of its "
                "source"
            ) from error
        lines += text.count("\n")
        yield text.removeprefix(mark).encode("utf-8", "surrogatepass")
        data, mark = following, ""


def _as_it_is(data: bytes, stream: ByteStream, file: str, size: int) -> Iterator[bytes]:
    mark = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    if mark is not None:
        raise DataError(f"{file} is text in {mark}; say `encoding: {mark}` for its source")
    if b"\0" in data[:_HEAD]:
        raise DataError(
            f"{file} holds NUL bytes, as text in utf-16 does; say its `encoding` (such as "
            "utf-16-le), or correct `files`"
        )
    data = data.removeprefix(codecs.BOM_UTF8)
    while data:
        yield data
        data = stream.read(size)


@contextmanager
def _member(file: str, stream: pa.NativeFile) -> Iterator[ByteStream]:
    """The one file of a zip archive."""
    with zipfile.ZipFile(stream) as archive:
        name = zip_member(file, archive)
        try:
            member = archive.open(name)
        except (NotImplementedError, RuntimeError) as error:  # another method, or a password
            raise DataError(f"{file} cannot be unpacked: {error}; unpack it by hand") from error
        with member:
            yield member


def zip_member(file: str, archive: zipfile.ZipFile) -> str:
    """The name of the one file in an archive.

    Raises:
        DataError: it holds no file, or several.
    """
    names = [
        name
        for name in archive.namelist()
        if not name.endswith("/") and not name.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        held = f"{len(names)} files ({', '.join(names[:3])}{', ...' * (len(names) > 3)})"
        raise DataError(f"{file} holds {held}; unpack it, or pack each file on its own")
    return names[0]


def _not_as_named(file: str, found: str | None) -> None:
    raise DataError(
        f"{file} is {found or 'no file of the kind that its name says'}; unpack it or save it as "
        "CSV or Parquet, and give it the name of its kind (.csv, .csv.gz, .csv.zip, .parquet)"
    )
