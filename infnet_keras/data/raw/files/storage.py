"""Where raw files lie: what `RawFiles` needs of a file system."""

from pathlib import Path
from typing import Protocol

import pyarrow as pa


class Storage(Protocol):
    """A file system, read only. Paths are strings, so that they may be URLs.

    A missing or unreadable file raises OSError.
    """

    def match(self, directory: str, pattern: str) -> list[str]:
        """Paths of the files (not directories) below `directory` that match, in order."""

    def open(self, path: str) -> pa.NativeFile:
        """A file's bytes as they are, compressed or not; seekable."""

    def size(self, path: str) -> int:
        """How many bytes a file has."""


class LocalStorage:
    """This machine's file system."""

    def match(self, directory: str, pattern: str) -> list[str]:
        """Paths of the files below `directory` that match a pattern of `Path.glob`, in order."""
        return [str(path) for path in sorted(Path(directory).glob(pattern)) if path.is_file()]

    def open(self, path: str) -> pa.NativeFile:
        """A file's bytes as they are."""
        return pa.OSFile(path)

    def size(self, path: str) -> int:
        """How many bytes a file has."""
        return Path(path).stat().st_size
