"""A directory that appears complete or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from infnet_keras.errors import DataError
from infnet_keras.files.directory_lock import lock_directory, remove_abandoned, unlock_directory


@contextmanager
def output_directory(out: Path, own_names: frozenset[str], purpose: str) -> Iterator[Path]:
    """A directory to write into, next to `out`, which takes its place when the block ends well.

    Left by an exception, everything written is removed; one of the operating system becomes a
    DataError about `out`. What a killed process left is removed by the next one that writes to the
    same place; a lock tells it from one that is still at work.

    Args:
        out: where the result goes. It may exist if it is empty, or an earlier result.
        own_names: what an earlier result may consist of; anything else there is never touched.
        purpose: what is written, for errors.

    Raises:
        DataError: `out` holds something else, or the file system refuses (no space, say).
    """
    out = out.absolute()
    try:
        _refuse_foreign(out, own_names, purpose)
        out.parent.mkdir(parents=True, exist_ok=True)
        remove_abandoned([*out.parent.glob(f"{out.name}.partial-*")])
        partial = out.parent / f"{out.name}.partial-{uuid4().hex[:12]}"
        partial.mkdir()
        lock = lock_directory(partial)
        try:
            yield partial
            if out.exists():
                old = out.parent / f"{out.name}.partial-{uuid4().hex[:12]}"
                out.rename(old)
                partial.rename(out)
                shutil.rmtree(old)
            else:
                partial.rename(out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            unlock_directory(lock)
    except OSError as error:
        if error.errno is None or isinstance(error, ConnectionError | TimeoutError):
            raise  # of another machine, from which the block reads
        raise DataError(
            f"{purpose} could not be written to {out}: {error.strerror or error}; free space or "
            "choose another directory. Nothing incomplete was left there"
        ) from error


def _refuse_foreign(out: Path, own_names: frozenset[str], purpose: str) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise DataError(f"{out} is a file; {purpose} needs a directory")
    foreign = sorted(path.name for path in out.iterdir() if path.name not in own_names)
    if foreign:
        raise DataError(
            f"{out} is not empty and holds {foreign[0]!r}, which is not ours; choose another "
            f"directory for {purpose}, or delete this one first"
        )
