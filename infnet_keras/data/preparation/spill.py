"""Rows put aside by user, so that a later pass holds one part of the users at a time."""

from collections.abc import Iterator
from pathlib import Path

import farmhash
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_BUFFER_BYTES = 128 << 20
IPC_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


def partition_numbers(users: pa.Array, partitions: int) -> npt.NDArray[np.int64]:
    """The partition of each row: a hash of its user, int64 or string, without missing values."""
    if isinstance(users, pa.ChunkedArray):
        users = users.combine_chunks()
    if pa.types.is_integer(users.type):
        mixed = users.to_numpy().astype(np.uint64)
        mixed ^= mixed >> np.uint64(33)  # MurmurHash3's finaliser
        mixed *= np.uint64(0xFF51AFD7ED558CCD)
        mixed ^= mixed >> np.uint64(33)
        hashes = mixed
    else:
        encoded = pc.dictionary_encode(users)
        unique = [farmhash.fingerprint64(user) for user in encoded.dictionary.to_pylist()]
        hashes = np.array(unique, np.uint64)[encoded.indices.to_numpy()]
    return np.asarray(hashes % np.uint64(partitions), np.int64)


def split_rows(table: pa.Table, numbers: npt.NDArray[np.int64]) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each number, ascending, in the order in which they stand in the table."""
    table = table.take(pa.array(np.argsort(numbers, kind="stable")))
    start = 0
    for number, count in enumerate(np.bincount(numbers).tolist()):
        if count:
            yield number, table.slice(start, count)
        start += count


class Spill:
    """Arrow files on disk, one a partition; rows keep the order in which they came.

    Args:
        directory: made if it is not there.
        partitions: how many.
    """

    def __init__(self, directory: Path, partitions: int):
        directory.mkdir(parents=True, exist_ok=True)
        self.partitions = partitions
        self._directory = directory
        self._writers: dict[int, pa.RecordBatchStreamWriter] = {}
        self._buffered: list[pa.Table] = []
        self._numbers: list[npt.NDArray[np.int64]] = []
        self._bytes = 0

    def add(self, table: pa.Table, numbers: npt.NDArray[np.int64]) -> None:
        """Put rows aside.

        Args:
            table: rows; every call with the same columns.
            numbers: partition of each row.
        """
        self._buffered.append(table)
        self._numbers.append(numbers)
        self._bytes += table.nbytes
        if self._bytes >= _BUFFER_BYTES:
            self._flush()

    def finish(self) -> None:
        """Write out what is buffered; nothing can be added afterwards."""
        self._flush()
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def read(self, number: int) -> pa.Table | None:
        """The rows of one partition; None where it has none."""
        path = self._path(number)
        if not path.exists():
            return None
        with pa.OSFile(str(path)) as stream, pa.ipc.open_stream(stream) as reader:
            return reader.read_all()

    def delete(self, number: int) -> None:
        """Give the disk space of one partition back."""
        self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:05d}.arrow"

    def _flush(self) -> None:
        if not self._buffered:
            return
        table = pa.concat_tables(self._buffered).combine_chunks()
        numbers = np.concatenate(self._numbers)
        self._buffered, self._numbers, self._bytes = [], [], 0
        for number, rows in split_rows(table, numbers):
            if number not in self._writers:
                self._writers[number] = pa.ipc.new_stream(
                    str(self._path(number)), table.schema, options=IPC_OPTIONS
                )
            self._writers[number].write_table(rows)
