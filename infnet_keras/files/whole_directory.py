"""A directory that appears complete or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from infnet_keras.errors import DataError
from infnet_keras.files.directory_lock import lock_directory, remove_abandoned, unlock_directory
from infnet_keras.files.to_disk import to_disk, tree_to_disk


@contextmanager
def output_directory(out: Path, own_names: frozenset[str], purpose: str) -> Iterator[Path]:
    """A directory to write into, next to `out`, which takes its place when the block ends well.

    Left by an exception, everything written is removed; one of the operating system becomes a
    DataError about `out`. It is on disk, and named OUT.complete-*, before the earlier result gives
    way. The next process that writes to the same place puts a complete one that a killed process
    left where it belongs and removes what is incomplete; a lock tells both from those of a process
    that is still at work. So at every moment the earlier result or the new one is there, whole.

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
        recover(out)
        partial = out.parent / f"{out.name}.partial-{uuid4().hex[:12]}"
        partial.mkdir()
        lock = lock_directory(partial)
        try:
            yield partial
            tree_to_disk(partial)
            complete = partial.with_name(partial.name.replace(".partial-", ".complete-"))
            partial.rename(complete)
            _put(complete, out)
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


def recover(out: Path) -> None:
    """Bring what killed processes left beside `out` to an end; see `output_directory`."""
    for complete in out.parent.glob(f"{out.name}.complete-*"):
        lock = lock_directory(complete)
        if lock is not None:
            _put(complete, out)
            unlock_directory(lock)
    remove_abandoned([*out.parent.glob(f"{out.name}.partial-*")])


def _put(complete: Path, out: Path) -> None:
    """Move a complete directory to its place; what was there is removed afterwards."""
    old = out.with_name(f"{out.name}.partial-{uuid4().hex[:12]}")
    if out.exists():
        out.rename(old)
    complete.rename(out)
    to_disk(out.parent)
    shutil.rmtree(old, ignore_errors=True)


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
