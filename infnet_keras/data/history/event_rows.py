"""A partition's events as the rows that derived values are computed of."""

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.history.column_values import ColumnValues
from infnet_keras.data.history.events import Events, earlier_count
from infnet_keras.data.history.group_histories import Days, GroupHistories, Spans
from infnet_keras.data.history.histories import Histories, Rows
from infnet_keras.features.numpy.shared_values import Integers, count_shared, value_codes
from infnet_keras.features.transform_plan import TransformPlan


class EventRows:
    """What kernels read: `features.numpy.derived.Rows`, and the log before each event.

    Args:
        plan: the spec's.
        events: the partition.
        values: its raw columns.
        holds: for each sequence bool [events], which events belong to it.
        days: int64 [events], the local day; None for a log without time.
        groups: the histories over all users.
        histories: what every event's history of a behaviour holds, by the behaviour's name.
        step_values: raw values of a behaviour's attribute at steps of its histories.
    """

    def __init__(
        self,
        plan: TransformPlan,
        events: Events,
        values: ColumnValues,
        holds: Mapping[str, npt.NDArray[np.bool_]],
        days: Days | None,
        groups: GroupHistories,
        histories: Callable[[str], Histories],
        step_values: Callable[[str, str, Rows], pa.Array],
    ):
        self.events = events
        self.holds = holds
        self.timezone = plan.spec.time.timezone
        self._plan = plan
        self._values = values
        self._days = days
        self._groups = groups
        self._histories = histories
        self._step_values = step_values
        self._spans: dict[str, Spans] = {}

    @cached_property
    def instants(self) -> Integers:
        """The time of each event, milliseconds; at history rows it means nothing."""
        return np.where(self.events.timed, self.events.times, 0)

    def column(self, name: str) -> pa.Array:
        """The raw values of a column, one an event."""
        return self._values.values(name)

    def shared(self, sequence: str, column: str) -> Integers:
        """How many steps of each event's history have the event's own value of a column."""
        step = self._plan.sequence(sequence, column)
        history = self._histories(sequence)
        compared, steps, events = self.column(column), history.events, len(self.events)
        if sequence not in self.holds:  # ready made: its steps are no events of the log
            compared = pa.concat_arrays([compared, self._step_values(sequence, column, steps)])
            steps = events + steps
        codes = value_codes(compared, step.separator, step.max_values, column)
        return count_shared(codes[:, :events], codes[:, steps], history.first, history.last)

    def earlier(self, sequence: str) -> Integers:
        """How many events of a behaviour the same user has before each event."""
        events = self.events
        return earlier_count(self.holds[sequence], events.user_start, events.history_end)

    def before_today(self, sequence: str) -> Integers:
        """How many of them there are before the event's own day."""
        assert self._days is not None  # the spec's checks ask for a time column
        events = self.events
        return earlier_count(self.holds[sequence], events.user_start, events.day_end(self._days))

    def everybodys(self, sequence: str, by: str) -> Integers:
        """How many events before today, of all users, share a column's value with each event."""
        if by not in self._spans:
            assert self._days is not None  # the spec's checks ask for a time column
            self._spans[by] = self._groups.spans(self._values, by, self._days)
        return self._groups.earlier(self._spans[by], sequence)
