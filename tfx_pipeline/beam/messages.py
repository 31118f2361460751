"""What the shuffle carries to each partition of users, and how it comes out of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.history.events import HISTORY, LOG, SOURCE, TIME
from infnet_keras.data.history.instant_counts import InstantCounts
from infnet_keras.data.history.splits import SplitRule
from infnet_keras.data.preparation.spill import IPC_OPTIONS


class Piece(NamedTuple):
    """Rows of one partition in one block of a raw file, as Arrow IPC."""

    source: int  # LOG, HISTORY or another log of earlier events
    file: int
    block: int
    rows: bytes


class FileRead(NamedTuple):
    """A raw file was read to its end. Every partition is told."""

    source: int
    file: int
    rows: int
    without_user: int  # of these rows, left out


class Surveyed(NamedTuple):
    """The histories over all users lie in a file. Every partition is told."""

    path: str


class Counted(NamedTuple):
    """The rows of a file of the log, by instant. No partition is told."""

    instants: InstantCounts


class Split(NamedTuple):
    """Where the splits begin, where the rows of the whole log tell it. Every partition is told."""

    rule: SplitRule


class Failure(NamedTuple):
    """The input cannot be used; of several failures the smallest is reported.

    Told as data: an exception would be wrapped by the runner, and the work tried again in vain.
    """

    stage: int  # in which it was found: 0 reading, 1 surveying, 2 writing
    source: int
    number: int  # of the file, or the partition
    reason: str


Message = Piece | FileRead | Surveyed | Counted | Split | Failure


def packed(table: pa.Table) -> bytes:
    """A table as Arrow IPC."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=IPC_OPTIONS) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpacked(content: bytes) -> pa.Table:
    """The table of `packed`."""
    with pa.ipc.open_stream(content) as reader:
        return reader.read_all()


@dataclass
class PartitionInput:
    """All that one partition was sent.

    Attributes:
        log: rows of the log in its order, None where there are none.
        earlier: rows of the earlier history and of other logs, in order.
        rows_read: rows of the whole log.
        history_rows_read: rows of the whole earlier history.
        without_user: of all files of each kind of events, rows that name no user and are left out.
        surveyed: the file of the histories over all users, where there is one.
        split_rule: where the splits begin, where the rows of the whole log tell it.
        failures: what went wrong before.
    """

    log: pa.Table | None = None
    earlier: pa.Table | None = None
    rows_read: int = 0
    history_rows_read: int = 0
    without_user: Counter[int] = field(default_factory=Counter)
    surveyed: str | None = None
    split_rule: SplitRule | None = None
    failures: list[Failure] = field(default_factory=list)

    @classmethod
    def of(cls, messages: Iterable[Message], in_row_order: bool) -> "PartitionInput":
        """Put the messages, which come in any order, into order.

        Args:
            messages: of one partition.
            in_row_order: whether rows are numbered, in their file, instead of having a time.
        """
        found = cls()
        pieces: list[Piece] = []
        counts: dict[int, int] = {}
        for message in messages:
            if isinstance(message, Piece):
                pieces.append(message)
            elif isinstance(message, Failure):
                found.failures.append(message)
            elif isinstance(message, Surveyed):
                found.surveyed = message.path
            elif isinstance(message, Split):
                found.split_rule = message.rule
            elif isinstance(message, FileRead):
                found.without_user[message.source] += message.without_user
                if message.source == LOG:
                    counts[message.file] = message.rows
                elif message.source == HISTORY:
                    found.history_rows_read = message.rows
        found.rows_read = sum(counts.values())
        if found.failures:
            return found
        pieces.sort(key=lambda piece: piece[:3], reverse=True)
        first = np.concatenate([[0], np.cumsum([counts[file] for file in sorted(counts)])])
        log: list[pa.Table] = []
        earlier: list[pa.Table] = []
        while pieces:  # each piece is freed as its table is made
            piece = pieces.pop()
            table = unpacked(piece.rows)
            if in_row_order and piece.source == LOG:
                at = table.column_names.index(TIME)
                table = table.set_column(at, TIME, pc.add(table[TIME], int(first[piece.file])))
            (log if piece.source == LOG else earlier).append(table)
        if log:
            found.log = pa.concat_tables(log)
        if earlier:
            found.earlier = pa.concat_tables(earlier)
        return found

    @property
    def history_rows(self) -> int:
        """How many rows of the earlier history came to this partition."""
        if self.earlier is None:
            return 0
        return int((self.earlier[SOURCE].to_numpy() == HISTORY).sum())
