"""The directory that a command fills, and nobody else."""

from collections.abc import Iterable
from pathlib import Path

from infnet_keras.errors import ModelError


def make_own(
    path: Path, what: str, mark: str, early: Iterable[str], inside: Iterable[Path]
) -> None:
    """Make a directory and those inside of it, unless it is somebody else's.

    Args:
        path: what `--out` says.
        what: of which kind it is, such as "study".
        mark: the file by which one of that kind is known.
        early: names that stand in one that was killed before its mark was written.
        inside: directories to make below it.

    Raises:
        ModelError: it holds something else, or cannot be made.
    """
    if path.exists():
        if not path.is_dir():
            raise ModelError(f"{path} is a file; give --out a directory")
        there = {entry.name for entry in path.iterdir()}
        strangers = there - set(early)
        if strangers and mark not in there:
            raise ModelError(
                f"{path} holds {min(strangers)!r} and no {what}; give --out a new directory, or an "
                "empty one"
            )
    try:
        for directory in (path, *inside):
            directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"cannot make {path}: {error.strerror or error}") from error
