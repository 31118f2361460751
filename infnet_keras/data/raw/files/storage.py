"""Where raw files lie: what `RawFiles` needs of a file system."""

from pathlib import Path
from typing import Protocol

import pyarrow as pa

from infnet_keras.errors import DataError


class Storage(Protocol):
    """A file system, read only. Paths are strings, so that they may be URLs.

    A missing or unreadable file raises OSError.
    """

    def match(self, directory: str, pattern: str) -> list[str]:
        """Paths of the files (not directories) below `directory` that match, in order."""

    def origin(self, path: str) -> str:
        """The file itself, equal for all paths to it."""

    def open(self, path: str) -> pa.NativeFile:
        """A file's bytes as they are, compressed or not; seekable."""

    def size(self, path: str) -> int:
        """How many bytes a file has."""


class LocalStorage:
    """This machine's file system."""

    def match(self, directory: str, pattern: str) -> list[str]:
        """Paths of the files below `directory` that match a pattern of `Path.glob`, in order.

        Raises:
            DataError: a link that leads to no file, a pipe or a device is among them.
        """
        found = [path for path in sorted(Path(directory).glob(pattern)) if not path.is_dir()]
        odd = next((path for path in found if not path.is_file()), None)
        if odd is not None:
            what = "a link that leads to no file" if odd.is_symlink() else "no regular file"
            raise DataError(f"{odd} is {what}; remove it, or correct `files` in the spec")
        return [str(path) for path in found]

    def origin(self, path: str) -> str:
        """The file that a path, perhaps of links, leads to."""
        return str(Path(path).resolve())

    def open(self, path: str) -> pa.NativeFile:
        """A file's bytes as they are."""
        return pa.OSFile(path)

    def size(self, path: str) -> int:
        """How many bytes a file has."""
        return Path(path).stat().st_size
