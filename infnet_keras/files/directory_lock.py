"""Locks on directories, held until the process ends, however it ends."""

import fcntl
import os
import shutil
from pathlib import Path


def lock_directory(directory: Path, wait: bool = False) -> int | None:
    """Lock a directory; None where that cannot be: it is gone, or another process holds it.

    Where the file system has no such locks (NFS) nobody gets one, and so nobody removes what
    another one writes.

    Args:
        directory: what to lock.
        wait: until whoever holds it lets it go.

    Returns:
        A descriptor for `unlock_directory`.
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


def unlock_directory(descriptor: int | None) -> None:
    """Let go of what `lock_directory` gave."""
    if descriptor is not None:
        os.close(descriptor)


def remove_abandoned(directories: list[Path]) -> None:
    """Remove directories that nobody writes any more: killed processes left them."""
    for directory in directories:
        lock = lock_directory(directory)
        if lock is not None:
            shutil.rmtree(directory, ignore_errors=True)
            unlock_directory(lock)
