"""What a file is: by its name, and by its first bytes."""

import re
from pathlib import PurePosixPath
from typing import Literal, NamedTuple

Format = Literal["csv", "json", "parquet"]

_CODECS = {
    ".gz": "gzip",
    ".gzip": "gzip",
    ".bz2": "bz2",
    ".zst": "zstd",
    ".zstd": "zstd",
    ".lz4": "lz4",
    ".zip": "zip",
}
_FORMATS: dict[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}
_SIGNATURES = {
    "a Parquet file": rb"PAR1",
    "compressed with gzip": rb"\x1f\x8b",
    "compressed with bzip2": rb"BZh[1-9]1AY&SY",
    "compressed with zstd": rb"\x28\xb5\x2f\xfd",
    "compressed with lz4": rb"\x04\x22\x4d\x18",
    "compressed with xz": rb"\xfd7zXZ\x00",
    "a 7z archive": rb"7z\xbc\xaf",
    "an Excel workbook": rb"(?s)PK\x03\x04.{,2000}(?:\[Content_Types\]|xl/)|\xd0\xcf\x11\xe0",
    "a zip archive": rb"PK(?:\x03\x04|\x05\x06)",
    "a tar archive": rb"(?s).{257}ustar",
    "an ORC file": rb"ORC",
    "an Avro file": rb"Obj\x01",
    "an Arrow or Feather file": rb"ARROW1|FEA1",
    "an SQLite database": rb"SQLite format 3\x00",
    "an HDF5 file": rb"\x89HDF",
    "a NumPy array": rb"\x93NUMPY",
    "a Python pickle": rb"\x80[\x02-\x05]",
    "a PDF document": rb"%PDF-",
}
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f\x80-\xff]")


class FileKind(NamedTuple):
    """What a file's name says: `log.csv.gz` is CSV in gzip."""

    format: Format
    codec: str | None

    @classmethod
    def of(cls, file: str) -> "FileKind":
        """The kind that a name promises, in any case of its letters."""
        suffixes = [suffix.lower() for suffix in PurePosixPath(file).suffixes]
        codec = _CODECS.get(suffixes[-1]) if suffixes else None
        if codec is not None:
            suffixes.pop()
        found = _FORMATS.get(suffixes[-1], "csv") if suffixes else "csv"
        return cls(found, None if found == "parquet" else codec)


def plain_name(file: str) -> str:
    """A file's name without the suffix of its compression."""
    return file.rpartition(".")[0] if FileKind.of(file).codec is not None else file


def recognized(head: bytes) -> str | None:
    """What the first bytes of a file say that it is, None for what may be text.

    Example:
        >>> recognized(b"PAR1" + bytes(8))
        'a Parquet file'
        >>> recognized(b"PAR1,PAR2") is None
        True
    """
    if not _BINARY.search(head):
        return None
    for name, signature in _SIGNATURES.items():
        if re.match(signature, head):
            return name
    return None
