"""What is written is on the disk, and not only on its way there."""

import os
from pathlib import Path


def tree_to_disk(directory: Path) -> None:
    """Bring a directory and everything in it to the disk: before it gets its final name.

    Args:
        directory: with files and directories.

    Raises:
        OSError: something cannot be read, or the disk refuses it.
    """
    for place, _, names in os.walk(directory):
        for name in names:
            to_disk(Path(place, name))
        to_disk(Path(place))


def to_disk(path: Path) -> None:
    """Bring a file, or the names that a directory holds, to the disk.

    Args:
        path: of either.

    Raises:
        OSError: as `tree_to_disk` raises it.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
