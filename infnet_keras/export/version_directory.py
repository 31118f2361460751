"""Version directories as TF Serving polls them: DIR/<integer>, written whole or not at all."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from infnet_keras.errors import ExportError
from infnet_keras.files.directory_lock import lock_directory, remove_abandoned, unlock_directory
from infnet_keras.files.to_disk import to_disk, tree_to_disk

_WRITING = ".writing-"  # not an integer: TF Serving never looks into it
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


def versions(directory: Path) -> list[int]:
    """The versions that a model directory holds, in ascending order."""
    if not directory.is_dir():
        return []
    names = (entry.name for entry in directory.iterdir())
    return sorted(int(name) for name in names if name.isascii() and name.isdecimal())


def latest_version(directory: Path) -> Path:
    """The SavedModel to load: `directory` itself if it is one, else its highest version.

    Raises:
        ExportError: there is none.
    """
    if (directory / "saved_model.pb").is_file():
        return directory
    for version in reversed(versions(directory)):
        path = directory / str(version)
        if (path / "saved_model.pb").is_file():
            return path
    raise ExportError(
        f"{directory} holds no SavedModel: give a directory with versions (1, 2, ...) or one "
        "version of it, as export_saved_model writes them"
    )


def write_version(directory: Path, version: int | None, write: Callable[[Path], None]) -> Path:
    """Write one version under a temporary name beside it, then rename it.

    Whatever ends `write` early, no part of the version is seen: an exception removes what was
    written, and what a killed process leaves is removed by the next call.

    Args:
        directory: the model directory; made if it does not exist.
        version: the version's number, or None for the next free one.
        write: fills the empty directory that it is given.

    Returns:
        The version's path, DIR/<version>.

    Raises:
        ExportError: the version exists already, or the directory cannot be written to.
    """
    if version is not None and version < 1:
        raise ExportError(f"a version is a positive integer, not {version}")
    if version is not None and version in versions(directory):
        raise ExportError(f"{directory} already holds version {version}: choose another one")
    number = _next(directory) if version is None else version
    try:
        directory.mkdir(parents=True, exist_ok=True)
        writing, lock = _start(directory, number)
    except OSError as error:
        raise ExportError(f"cannot write to {directory}: {error.strerror or error}") from error
    try:
        write(writing)
        tree_to_disk(writing)
        path = _publish(writing, directory, number, fixed=version is not None)
    except OSError as error:
        raise ExportError(f"cannot write {directory / str(number)}: {error}") from error
    finally:
        shutil.rmtree(writing, ignore_errors=True)
        unlock_directory(lock)
    return path


def _start(directory: Path, number: int) -> tuple[Path, int | None]:
    """Remove what killed exporters have left; make and lock a directory to write in."""
    entry = lock_directory(
        directory, wait=True
    )  # a new directory is never seen before it is locked
    try:
        remove_abandoned([*directory.glob(f"{_WRITING}*")])
        writing = directory / f"{_WRITING}{number}-{os.getpid()}-{secrets.token_hex(4)}"
        writing.mkdir()
        return writing, lock_directory(writing)
    finally:
        unlock_directory(entry)


def _next(directory: Path) -> int:
    return max(versions(directory), default=0) + 1


def _publish(writing: Path, directory: Path, number: int, fixed: bool) -> Path:
    """Rename; another exporter may have taken the number meanwhile."""
    while True:
        path = directory / str(number)
        try:
            writing.rename(path)
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
            if fixed:
                raise ExportError(
                    f"version {number} of {directory} was written by someone else meanwhile"
                ) from error
            number = _next(directory)
        else:
            to_disk(directory)
            return path
