"""Files that a command writes where the user said."""

from collections.abc import Callable
from pathlib import Path

from infnet_keras.errors import InfnetError
from infnet_keras.files.whole_file import write_whole

IMAGES = (".png", ".svg", ".pdf")


def write_output(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file; it appears whole or not at all.

    Raises:
        InfnetError: it cannot be written, or its name does not fit what is written.
    """
    try:
        write_whole(path, write)
    except (OSError, ValueError) as error:
        raise InfnetError(f"cannot write {path}: {error}") from error


def check_image(path: Path) -> None:
    """Refuse a name that says nothing of an image's format.

    Raises:
        InfnetError: it ends in none of `IMAGES`.
    """
    if path.suffix.lower() not in IMAGES:
        raise InfnetError(f"--out {path}: an image's name ends in {' or '.join(IMAGES)}")
