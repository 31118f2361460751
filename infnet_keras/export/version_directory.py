"""Version directories as TF Serving polls them: DIR/<integer>, written whole or not at all."""

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from infnet_keras.errors import ExportError

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
        _flush(writing)
        path = _publish(writing, directory, number, fixed=version is not None)
    except OSError as error:
        raise ExportError(f"cannot write {directory / str(number)}: {error}") from error
    finally:
        shutil.rmtree(writing, ignore_errors=True)
        _unlock(lock)
    return path


def _start(directory: Path, number: int) -> tuple[Path, int | None]:
    """Remove what killed exporters have left; make and lock a directory to write in."""
    entry = _lock(directory, wait=True)  # a new directory is never seen before it is locked
    try:
        for path in directory.glob(f"{_WRITING}*"):
            lock = _lock(path)
            if lock is not None:
                shutil.rmtree(path, ignore_errors=True)
                _unlock(lock)
        writing = directory / f"{_WRITING}{number}-{os.getpid()}-{secrets.token_hex(4)}"
        writing.mkdir()
        return writing, _lock(writing)
    finally:
        _unlock(entry)


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
            _sync(directory)
            return path


def _flush(directory: Path) -> None:
    """Have the files on the disk before their directory gets its final name."""
    for folder, _, names in os.walk(directory):
        for name in names:
            _sync(Path(folder, name))
        _sync(Path(folder))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(directory: Path, wait: bool = False) -> int | None:
    """Lock a directory until the process ends, however it ends; None where that cannot be.

    Where the file system has no such locks (NFS) nobody removes another's directory.
    """
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except FileNotFoundError:  # finished meanwhile
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _unlock(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
