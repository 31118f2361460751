"""What is made once in a run of the tests and shared by its workers."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A directory that the first worker to ask for it makes; the others wait.

    Args:
        factory: of temporary directories.
        name: the directory's.
        make: fills it; an empty directory is there already.

    Returns:
        The directory.
    """
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # each worker's own lies below the run's
        shared = shared.parent
    directory, made = shared / name, shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(directory, ignore_errors=True)  # of a worker that failed to make it
            directory.mkdir()
            make(directory)
            made.touch()
    return directory
