"""Artifacts on the local disk, where they may be kept elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tfx.dsl.io import fileio
from tfx.utils import io_utils


def local_copy(uri: str, directory: Path) -> Path:
    """A directory of an artifact to read from.

    Args:
        uri: of the artifact; any file system of TFX.
        directory: where it is copied to if it is not local.

    Returns:
        The artifact's own directory where it is local, else the copy.
    """
    if not is_remote(uri):
        return Path(uri)
    io_utils.copy_dir(uri, str(directory))
    return directory


@contextmanager
def published(uri: str) -> Iterator[Path]:
    """A local directory to write; what it holds stands at the artifact's place in the end.

    Where the artifact is local, that is its own directory, and can be watched as it grows.

    Args:
        uri: of the artifact; any file system of TFX.
    """
    if not is_remote(uri):
        Path(uri).mkdir(parents=True, exist_ok=True)
        yield Path(uri)
        return
    with TemporaryDirectory() as scratch:
        yield Path(scratch)
        fileio.makedirs(uri)
        io_utils.copy_dir(scratch, uri)


def is_remote(uri: str) -> bool:
    """Whether the local file system does not hold what is there."""
    return "://" in uri
