"""A part of the users, opened: their events in order, and what follows from raw values."""

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.history.column_values import ColumnValues
from infnet_keras.data.history.derived_values import derived_values
from infnet_keras.data.history.event_rows import EventRows
from infnet_keras.data.history.events import FIRST_OTHER, Events, Positions, user_column
from infnet_keras.data.history.group_histories import BEFORE_THE_LOG, Days, GroupHistories
from infnet_keras.data.history.histories import Histories, Rows
from infnet_keras.data.history.labels import column_labels, wrong_label
from infnet_keras.data.history.splits import ONLY_HISTORY, SPLITS, SplitRule
from infnet_keras.data.history.time_gaps import event_times, time_gaps
from infnet_keras.data.history.weights import Weights, left_out, negatives, product_of
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.joins.joined_sources import JoinedSources
from infnet_keras.data.raw.shapes.ready_made import history_column, later_column
from infnet_keras.errors import DataError
from infnet_keras.features.numpy.clock import local_day
from infnet_keras.features.transform_plan import TransformPlan
from infnet_keras.spec import Condition, ConditionError, FeatureSpec
from infnet_keras.spec.tasks import FoundIn


class Partition:
    """All events of some users.

    Args:
        spec: what they mean.
        plan: where columns come from.
        sources: the joined sources and the logs that labels are found in.
        log: these users' rows of the log, in its order, as `log_rows` makes them.
        earlier: their rows of the earlier history and of other logs, as `earlier_rows` makes them.
        first_code: code of the first user where keys are strings.

    Attributes:
        spec: what they mean.
        plan: where columns come from.
        events: in order.
        values: their raw columns.
        days: int64 [events], the local day, `BEFORE_THE_LOG` where an event has no time; None for
            a log without time.
        holds: for each sequence of events bool [events], which events belong to it.
        cells: for each ready-made sequence lists of its elements, one an event, oldest first.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        plan: ColumnPlan,
        sources: JoinedSources,
        log: pa.Table,
        earlier: pa.Table | None,
        first_code: int = 0,
    ):
        self.spec = spec
        self.plan = plan
        self._sources = sources
        self.events = Events.of(log, earlier, user_column(spec), first_code)
        self.values = ColumnValues(plan, self.events, sources.tables)
        self.days: Days | None = None
        if spec.time.column is not None:
            timed = self.events.timed
            days = local_day(np.where(timed, self.events.times, 0), spec.time.timezone)
            self.days = np.where(timed, days, BEFORE_THE_LOG)
        self.holds = {
            name: self._behaviour(name)
            for name, sequence in spec.sequences.items()
            if sequence.column is None
        }
        self.cells = {
            name: self.events.table[history_column(name)].combine_chunks()
            for name, sequence in spec.sequences.items()
            if sequence.column is not None
        }

    @cached_property
    def day_end(self) -> Positions | None:
        """First row of the same user not before the event's local day; None without days."""
        return None if self.days is None else self.events.day_end(self.days)

    def splits(self, rule: SplitRule, total_rows: int) -> npt.NDArray[np.int8]:
        """The split of each event, `ONLY_HISTORY` for those of the earlier history
        and those before the start of training.

        Args:
            rule: which impressions are training, validation and test.
            total_rows: rows of the whole log.
        """
        events = self.events
        if self.days is not None:
            splits = rule.by_time(events.times)
        elif self.spec.time.row_order == "log":
            splits = rule.by_position(events.times, total_rows)
        else:
            before = np.cumsum(events.logged, dtype=np.int64) - events.logged
            first, last = _runs(events.user_start)
            counts = (before + events.logged)[last] - before[first]
            splits = rule.by_position(before - before[first], counts)
        return np.where(events.logged, splits, ONLY_HISTORY).astype(np.int8)

    @cached_property
    def masks(self) -> dict[str, npt.NDArray[np.bool_]]:
        """For each task, which events are impressions that its mask lets count."""
        return {
            name: self.events.logged & self._holds(task.mask, f"mask of task {name!r}")
            for name, task in self.spec.tasks.items()
        }

    @cached_property
    def labels(self) -> dict[str, npt.NDArray[np.float32]]:
        """For each task float32 [events], NaN where a label is missing or does not count.

        Raises:
            DataError: a label that counts is neither 0 nor 1, or no number of a regression.
        """
        found = {}
        for name, task in self.spec.tasks.items():
            labels = (
                self._found(task.label) if isinstance(task.label, FoundIn) else self._read(name)
            )
            counts = self.masks[name] & ~(self.column_weights[name] == 0)
            found[name] = np.where(counts, labels, np.float32(np.nan))
            self._check_weights(name, found[name])
        return found

    @property
    def binary_labels(self) -> dict[str, npt.NDArray[np.float32]]:
        """The labels of the binary tasks."""
        return {name: self.labels[name] for name in self.spec.binary_tasks}

    @cached_property
    def column_weights(self) -> dict[str, Weights]:
        """For each task float32 [events], what its columns of weights say; 1 where it has none."""
        ones = np.ones(len(self.events), np.float32)
        return {
            name: product_of(self.values.arrays(columns)) if columns else ones
            for name, columns in self.spec.weight_columns.items()
        }

    def weights(self, splits: npt.NDArray[np.int8]) -> dict[str, Weights]:
        """For each task float32 [events], what an impression weighs in its loss; empty where all
        weigh alike.

        Args:
            splits: as `splits` gives them.
        """
        if not self.spec.weighs:
            return {}
        factor = np.ones(len(self.events), np.float32)
        if self.spec.sample is not None:
            negative = (splits == SPLITS["train"]) & negatives(self.binary_labels)
            factor[negative] = 1.0 / self.spec.sample.negatives
        # Where no label counts a weight may be anything, also none.
        return {
            name: np.where(np.isnan(self.labels[name]), np.float32(0), weights * factor)
            for name, weights in self.column_weights.items()
        }

    def left_out(self, splits: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
        """Which impressions the spec's `sample` leaves out of training; see `left_out`."""
        if self.spec.sample is None:
            return np.zeros(len(self.events), bool)
        keys = [key for key in (self.spec.keys.user, self.spec.keys.item) if key is not None]
        values = [self.values.values(key) for key in keys]
        share = self.spec.sample.negatives
        return left_out(share, self.binary_labels, splits, values, self.events.times)

    def _check_weights(self, name: str, labels: npt.NDArray[np.float32]) -> None:
        wrong = np.flatnonzero(np.isnan(self.column_weights[name]) & ~np.isnan(labels))
        if not len(wrong):
            return
        columns = self.spec.weight_columns[name]
        found = [self.values.values(column, wrong[:1])[0].as_py() for column in columns]
        held = ", ".join(
            f"{column!r} {'is missing' if value is None else f'holds {value!r}'}"
            for column, value in zip(columns, found, strict=True)
        )
        raise DataError(
            f"source {self.plan.owner[columns[0]]!r}: the weight of an impression in task {name!r} "
            f"is no number of at least 0 that float32 holds: {held}; correct the row, or leave "
            f"such rows to the task's mask, as in `mask: {columns[0]} >= 0`"
        )

    @property
    def number_texts(self) -> dict[str, pa.Array]:
        """The values of every field whose whole numbers are kept as text."""
        columns = self.spec.whole_number_columns.items()
        return {
            name: self.values.values(column)
            for name, column in columns
            if self.plan.types[column] == "string"
        }

    @property
    def date_columns(self) -> dict[str, str]:
        """The column of every field that counts days since a date."""
        return {name: date.column for name, date in self.spec.dates.items()}

    def _found(self, label: FoundIn) -> npt.NDArray[np.float32]:
        return self.occurs(label.found_in, label.when).astype(np.float32)

    def _read(self, name: str) -> npt.NDArray[np.float32]:
        task = self.spec.tasks[name]
        columns = self.values.arrays(task.label_columns)
        try:
            labels, wrong = column_labels(task, columns)
        except ConditionError as error:
            raise DataError(
                f"label of task {name!r}: {error}; correct it or declare the column's type"
            ) from error
        wrong &= self.masks[name]
        if wrong.any():
            column = task.label_columns[0]
            value = columns[column][np.flatnonzero(wrong)[0]]
            raise DataError(
                f"source {self.plan.owner[column]!r}: {wrong_label(task, column, value)}"
            )
        return labels

    def occurs(self, source: str, when: str | None) -> npt.NDArray[np.bool_]:
        """Which events have their keys in a log that labels are found in.

        Args:
            source: the log.
            when: which of its rows count; None for all.
        """
        keys = [self.values.values(column) for column in self.plan.labels[source]]
        return self._sources.label_logs[source].holds(keys, when)

    def derived(self, groups: GroupHistories) -> dict[str, npt.NDArray[np.generic]]:
        """The value of every derived field at every event; see `derived_values`."""
        plan = TransformPlan.of(self.spec)
        rows = EventRows(
            plan,
            self.events,
            self.values,
            self.holds,
            self.days,
            groups,
            self.histories,
            self.step_values,
        )
        return derived_values(plan, rows)

    def histories(self, sequence: str) -> Histories:
        """What every event's history of a behaviour holds."""
        declared = self.spec.sequences[sequence]
        if declared.column is not None:
            return Histories.of_cells(self.cells[sequence])
        ends = self.events.history_end
        if declared.until == "day":
            assert self.day_end is not None  # the spec's checks ask for a time column
            ends = self.day_end
        return Histories.of(self.holds[sequence], self.events.user_start, ends, declared.length)

    def _behaviour(self, name: str) -> npt.NDArray[np.bool_]:
        """Which events are a behaviour's: of its own log, and those its `when` holds for."""
        sequence = self.spec.sequences[name]
        if sequence.source is None:
            here = self.events.sources < FIRST_OTHER
        else:
            number = self.spec.event_sources.index(sequence.source)
            here = self.events.sources == FIRST_OTHER + number
        return here & self._holds(sequence.when, f"`when` of sequence {name!r}")

    def step_values(self, sequence: str, column: str, steps: Rows) -> pa.Array:
        """Raw values of a behaviour's steps.

        Args:
            sequence: the behaviour.
            column: one of its attributes.
            steps: int64 [steps], events of `histories`.
        """
        if sequence not in self.cells:
            return self.values.values(column, steps)
        elements = self.cells[sequence].flatten().take(pa.array(steps))
        if column == self.spec.history_element(sequence):
            return elements
        return self.values.looked_up(column, elements)

    @cached_property
    def event_times(self) -> npt.NDArray[np.int64]:
        """The time of each event in milliseconds, `MISSING_INTEGER` of those without one."""
        return event_times(self.events.times, self.events.timed)

    def step_gaps(self, impressions: Rows, steps: Rows) -> npt.NDArray[np.int64]:
        """Whole seconds from steps of histories to their impressions, both events; missing as
        `event_times` has it."""
        return time_gaps(self.event_times[impressions], self.event_times[steps])

    @cached_property
    def later(self) -> dict[str, int]:
        """For each ready-made sequence with times, events not strictly before their impression."""
        table = self.events.table
        return {
            name: pc.sum(table[later_column(name)]).as_py() or 0
            for name in self.cells
            if later_column(name) in table.column_names
        }

    def _holds(self, condition: str | None, where: str) -> npt.NDArray[np.bool_]:
        if condition is None:
            return np.ones(len(self.events), bool)
        parsed = Condition.parse(condition)
        try:
            return parsed.evaluate(self.values.arrays(parsed.columns))
        except ConditionError as error:
            raise DataError(f"{where}: {error}; correct it or declare the column's type") from error


def _runs(starts: npt.NDArray[np.int32]) -> tuple[Rows, Rows]:
    """First and last row of each row's run, from its first row."""
    ends = np.append(np.flatnonzero(np.diff(starts)), len(starts) - 1)
    runs = np.cumsum(np.diff(starts, prepend=starts[:1]) != 0)
    return starts.astype(np.int64), ends[runs]
