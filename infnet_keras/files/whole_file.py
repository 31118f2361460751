"""A file that appears complete or not at all."""

from collections.abc import Callable
from pathlib import Path

from infnet_keras.files.to_disk import to_disk

UNFINISHED = "partial."
"""Prefix of the name of a file that is being written."""


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, and move it there when it is complete and on disk.

    Args:
        path: where the file goes; what was there before is replaced.
        write: writes the file under the name that it is given.

    Raises:
        OSError: it cannot be written (a full disk, ...); the file at `path` is as before.

    Example:
        >>> write_whole(Path("report.json"), lambda partial: partial.write_text("{}"))
    """
    partial = path.with_name(UNFINISHED + path.name)
    try:
        partial.unlink(missing_ok=True)
        write(partial)
        to_disk(partial)
        partial.replace(path)
        to_disk(path.parent)
    finally:
        # Also after the move: one between two links to the same file leaves both.
        partial.unlink(missing_ok=True)
