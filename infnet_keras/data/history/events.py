"""The events of some users in order, and where each one's history ends."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Positions = npt.NDArray[np.int32]
TIME = ":time"  # no raw column is called so; the value is the order where there is no time
TEXT = ":text"


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
    """Events sorted by (user, time), those of the earlier history first.

    Events of one instant keep the order of the log and are never in each other's history.

    Attributes:
        table: raw columns, a row an event; a history row has missing values where its file has no
            such column.
        users: code of each event's user.
        times: milliseconds since 1970, or the order of the row; the order alone in history rows.
        logged: False for rows of the earlier history, which are no impressions.
        user_start: row of the user's first event.
        history_end: first row of the same user that is not strictly before this event.
    """

    table: pa.Table
    users: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    logged: npt.NDArray[np.bool_]
    user_start: Positions
    history_end: Positions

    @classmethod
    def of(cls, log: pa.Table, history: pa.Table | None, user: str, first_code: int) -> "Events":
        """Order the events of some users.

        Args:
            log: rows of the log with their `:time`, in the log's order; `:text`, where there is
                such a column, is what makes two rows repeats of each other: the first one stays.
            history: rows of the earlier history; of users without impressions they are dropped.
            user: the column of the user's key.
            first_code: code of the first user where keys are strings; integer keys are their own.
        """
        if TEXT in log.column_names:
            repeats = pc.dictionary_encode(log[TEXT]).combine_chunks().indices
            first = np.unique(repeats.to_numpy(), return_index=True)[1]
            log = log.drop_columns(TEXT).take(pa.array(np.sort(first)))
        logged = np.ones(log.num_rows, bool)
        table = log
        if history is not None:
            known = pc.is_in(history[user], value_set=pc.unique(log[user]))
            history = history.filter(known)
            table = pa.concat_tables([history, log], promote_options="default")
            logged = np.concatenate([np.zeros(history.num_rows, bool), logged])
        table = table.combine_chunks()
        if pa.types.is_integer(table[user].type):
            users = table[user].to_numpy()
        else:
            codes = pc.dictionary_encode(table[user]).combine_chunks().indices
            users = codes.to_numpy().astype(np.int64) + first_code
        times = table[TIME].to_numpy()
        order = np.lexsort((times, logged, users))
        users, times, logged = users[order], times[order], logged[order]
        # Every history row is an instant of its own, before the log's first.
        instants = np.where(logged, times, np.arange(len(order)))
        return cls(
            table.take(pa.array(order)).drop_columns(TIME).combine_chunks(),
            users,
            times,
            logged,
            group_starts(users),
            group_starts(users, logged.astype(np.int64), instants),
        )

    def __len__(self) -> int:
        return len(self.users)

    def day_end(self, local_days: npt.NDArray[np.int64]) -> Positions:
        """First row of the same user that is not before the start of this event's local day.

        Args:
            local_days: of every event; history rows' are not looked at.
        """
        days = np.where(self.logged, local_days, np.iinfo(np.int64).min)
        return group_starts(self.users, days)


def earlier_count(
    holds: npt.NDArray[np.bool_], start: Positions, end: Positions
) -> npt.NDArray[np.int64]:
    """How many of the rows start..end-1 hold, for each pair of start and end."""
    counts = np.concatenate([[0], np.cumsum(holds)])
    return np.asarray(counts[end] - counts[start])
