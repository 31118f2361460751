"""One process at a time that trains in a directory."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from infnet_keras.errors import ModelError

LOCK = "lock"
"""The file of a directory that names who trains there."""


@contextmanager
def run_lock(run: Path) -> Iterator[None]:
    """Keep the directory of a run, or of several, to this process until the block ends, in any way.

    The lock is the operating system's: a killed process holds nothing. On a file system without
    locks nobody is kept apart.

    Args:
        run: the directory; it exists.

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
                "for its end, or give another directory"
            ) from error
        except OSError:  # no locks here
            pass
        now = datetime.now(UTC).isoformat(timespec="seconds")
        holder = f"process {os.getpid()} on {socket.gethostname()}, since {now}\n"
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, holder.encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)
