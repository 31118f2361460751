"""One training at a time in a run directory."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infnet_keras.errors import ModelError
from infnet_keras.training.environment import now

LOCK = "lock"
"""The file of a run directory that names who trains there."""


@contextmanager
def run_lock(run: Path) -> Iterator[None]:
    """Keep a run directory to this process until the block ends, however it ends.

    The lock is the operating system's: a killed process holds nothing. On a file system without
    locks nobody is kept apart.

    Args:
        run: the run directory; it exists.

    Raises:
        ModelError: another process trains there; the message names it.
    """
    descriptor = os.open(run / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 1000, 0).decode(errors="replace").strip()
            raise ModelError(
                f"another process trains in {run}: {holder or 'one that has just begun'}; wait "
                "for its end, or give another --run"
            ) from error
        except OSError:  # no locks here
            pass
        holder = f"process {os.getpid()} on {socket.gethostname()}, since {now()}\n"
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)
