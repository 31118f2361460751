"""The events of some users in order, and where each one's history ends."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.spec import FeatureSpec

Positions = npt.NDArray[np.int32]
# They stand beside raw columns, none of which has a NUL byte in its name: see `ColumnPlan`.
TIME = "\0time"  # the order, where there is no time
TEXT = "\0text"
USER = "\0user"  # stands for the user's key where the log names no user: every row's own
SOURCE = "\0source"  # of an earlier event: HISTORY, or FIRST_OTHER and up for other logs
LOG, HISTORY, FIRST_OTHER = 0, 1, 2


def user_column(spec: FeatureSpec) -> str:
    """Where the user of every event stands; `USER` in a log that names none."""
    return USER if spec.keys.user is None else spec.keys.user


def group_starts(*keys: npt.NDArray[np.int64]) -> Positions:
    """For each row, the first row of its run of equal keys.

    Example:
        >>> group_starts(np.array([7, 7, 8, 8, 8]))
        array([0, 0, 2, 2, 2], dtype=int32)
    """
    count = len(keys[0])
    starts = np.zeros(count, np.int32)
    if count:
        changed = np.zeros(count - 1, bool)
        for key in keys:
            changed |= key[1:] != key[:-1]
        starts[1:] = np.where(changed, np.arange(1, count, dtype=np.int32), 0)
    return np.maximum.accumulate(starts)


@dataclass(frozen=True)
class Events:
    """Events sorted by (user, time), those of the earlier history, which have no time, first.

    Events of one instant keep the order of the log and are never in each other's history.

    Attributes:
        table: raw columns, a row an event; a history row has missing values where its file has no
            such column.
        users: code of each event's user.
        times: milliseconds since 1970, or the order of the row; the order alone in history rows.
        sources: int8, LOG for impressions, HISTORY for the earlier history, FIRST_OTHER + n for
            the n-th of the spec's `event_sources`.
        user_start: row of the user's first event.
        history_end: first row of the same user that is not strictly before this event.
    """

    table: pa.Table
    users: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    sources: npt.NDArray[np.int8]
    user_start: Positions
    history_end: Positions

    @classmethod
    def of(cls, log: pa.Table, earlier: pa.Table | None, user: str, first_code: int) -> "Events":
        """Order the events of some users.

        Args:
            log: rows of the log with their `TIME`, in the log's order; `TEXT`, where there is
                such a column, is what makes two rows repeats of each other: the first one stays.
            earlier: rows of the earlier history and of other logs, with their `SOURCE`; of users
                without impressions they are dropped.
            user: the column of the user's key, as `user_column` names it.
            first_code: code of the first user where keys are strings; integer keys are their own.
        """
        if TEXT in log.column_names:
            repeats = pc.dictionary_encode(log[TEXT]).combine_chunks().indices
            first = np.unique(repeats.to_numpy(), return_index=True)[1]
            log = log.drop_columns(TEXT).take(pa.array(np.sort(first)))
        sources = np.full(log.num_rows, LOG, np.int8)
        table = log
        if earlier is not None:
            known = pc.is_in(earlier[user], value_set=pc.unique(log[user]))
            earlier = earlier.filter(known)
            sources = np.concatenate([earlier[SOURCE].to_numpy(), sources])
            table = pa.concat_tables([earlier.drop_columns(SOURCE), log], promote_options="default")
        table = table.combine_chunks()
        if pa.types.is_integer(table[user].type):
            users = table[user].to_numpy()
        else:
            codes = pc.dictionary_encode(table[user]).combine_chunks().indices
            users = codes.to_numpy().astype(np.int64) + first_code
        times = table[TIME].to_numpy()
        order = np.lexsort((times, sources != HISTORY, users))
        users, times, sources = users[order], times[order], sources[order]
        # Every history row is an instant of its own, before the log's first.
        timed = sources != HISTORY
        instants = np.where(timed, times, np.arange(len(order)))
        return cls(
            table.take(pa.array(order)).drop_columns(TIME).combine_chunks(),
            users,
            times,
            sources,
            group_starts(users),
            group_starts(users, timed.astype(np.int64), instants),
        )

    @cached_property
    def logged(self) -> npt.NDArray[np.bool_]:
        """Which events are impressions."""
        return np.asarray(self.sources == LOG)

    @cached_property
    def timed(self) -> npt.NDArray[np.bool_]:
        """Which events have a time: all but those of the earlier history."""
        return np.asarray(self.sources != HISTORY)

    def __len__(self) -> int:
        return len(self.users)

    def day_end(self, local_days: npt.NDArray[np.int64]) -> Positions:
        """First row of the same user that is not before the start of this event's local day.

        Args:
            local_days: of every event; those without a time are not looked at.
        """
        days = np.where(self.timed, local_days, np.iinfo(np.int64).min)
        return group_starts(self.users, days)


def earlier_count(
    holds: npt.NDArray[np.bool_], start: Positions, end: Positions
) -> npt.NDArray[np.int64]:
    """How many of the rows start..end-1 hold, for each pair of start and end."""
    counts = np.concatenate([[0], np.cumsum(holds)])
    return np.asarray(counts[end] - counts[start])
