"""The second pass: the events of some users, in order, with everything that needs raw values."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data import layout
from infnet_keras.data.column_values import ColumnValues, Rows
from infnet_keras.data.columns import ColumnPlan
from infnet_keras.data.derived_values import derived_values
from infnet_keras.data.events import Events
from infnet_keras.data.group_histories import BEFORE_THE_LOG, Days, GroupHistories
from infnet_keras.data.raw_examples import RawExamples
from infnet_keras.data.side_table import SideTable
from infnet_keras.data.splits import ONLY_HISTORY, SPLITS, SplitRule
from infnet_keras.data.statistics import Statistics
from infnet_keras.errors import DataError
from infnet_keras.features.clock import local_day
from infnet_keras.spec import Condition, ConditionError, FeatureSpec


@dataclass
class Counts:
    """What the partitions add up to."""

    users: int = 0
    history_rows: int = 0
    log_rows: int = 0
    impressions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))
    joins_missed: dict[str, int] = field(default_factory=dict)
    labelled: dict[tuple[str, str], int] = field(default_factory=dict)
    positive: dict[tuple[str, str], int] = field(default_factory=dict)


class PartitionPass:
    """Goes through the partitions one by one, gathering counts, statistics and raw examples.

    Args:
        spec: what is prepared.
        plan: where columns come from.
        sides: the joined sources.
        split_rule: which impressions are training, validation and test.
        total_rows: rows of the whole log.
        partitions: how many partitions there are.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        plan: ColumnPlan,
        sides: dict[str, SideTable],
        split_rule: SplitRule,
        total_rows: int,
        partitions: int,
    ):
        self._spec = spec
        self._plan = plan
        self._sides = sides
        self._split_rule = split_rule
        self._total_rows = total_rows
        self.counts = Counts()
        self.groups = GroupHistories(spec)
        self.statistics = Statistics(spec, plan, sides)
        self.raw_examples = RawExamples(spec, plan, partitions)

    def run(self, log: pa.Table, history: pa.Table | None) -> pa.Table:
        """Bring one partition into order.

        Args:
            log: its rows of the log, as put aside.
            history: its rows of the earlier history.

        Returns:
            The columns of the shard besides ids, and the raw columns that ids come from: `raw:*`
            of the log itself, `side:*` rows in the joined sources, `derived:*` values.
        """
        spec = self._spec
        events, values, days, holds = self._open(log, history)
        splits = self._splits(events, days)
        train = np.flatnonzero(splits == SPLITS["train"])
        day_end = None if days is None else events.day_end(days)
        derived = derived_values(spec, events, values, holds, days, self.groups)
        self.statistics.add(values, derived, train)
        self.raw_examples.add(events, values, derived, holds, day_end, splits)

        columns: dict[str, pa.Array] = {
            layout.USER: pa.array(events.users),
            layout.SPLIT: pa.array(splits),
            layout.HISTORY_END: pa.array(events.history_end),
        }
        if layout.needs_day_end(spec):
            columns[layout.DAY_END] = pa.array(day_end)
        for name in layout.behaviours(spec):
            columns[layout.behaviour_column(name)] = pa.array(holds[name])
        for name, labels in self._labels(events, values).items():
            columns[layout.label_column(name)] = pa.array(labels)
            self._count_labels(name, labels, splits)
        self._count(events, values, splits)
        for name, rows in values.side_rows.items():
            columns[f"side:{name}"] = pa.array(rows)
        for name, numbers in derived.items():
            columns[layout.derived_column(name)] = pa.array(numbers)
        for id_column in layout.id_columns(spec):
            if self._plan.owner.get(id_column.column) == spec.log_source:
                columns[f"raw:{id_column.column}"] = values.values(id_column.column)
        return pa.table(columns)

    def survey(self, log: pa.Table, history: pa.Table | None) -> None:
        """Count one partition's events for the histories over all users, before any `run`."""
        _, values, days, holds = self._open(log, history)
        assert days is not None  # the spec's checks ask for a time column
        self.groups.add(values, holds, days)

    def _open(
        self, log: pa.Table, history: pa.Table | None
    ) -> tuple[Events, ColumnValues, Days | None, dict[str, npt.NDArray[np.bool_]]]:
        """A partition's events, their columns, local days and what sequences they belong to."""
        spec = self._spec
        events = Events.of(log, history, spec.keys.user, self.counts.users)
        values = ColumnValues(self._plan, events, self._sides)
        days = None
        if spec.time.column is not None:
            days = local_day(np.where(events.logged, events.times, 0), spec.time.timezone)
            days = np.where(events.logged, days, BEFORE_THE_LOG)
        holds = {
            name: self._holds(sequence.when, f"`when` of sequence {name!r}", events, values)
            for name, sequence in spec.sequences.items()
        }
        return events, values, days, holds

    def _splits(self, events: Events, days: npt.NDArray[np.int64] | None) -> npt.NDArray[np.int8]:
        if days is not None:
            splits = self._split_rule.by_day(days)
        elif self._spec.time.row_order == "log":
            splits = self._split_rule.by_position(events.times, self._total_rows)
        else:
            before = np.cumsum(events.logged, dtype=np.int64) - events.logged
            first, last = _runs(events.user_start)
            counts = (before + events.logged)[last] - before[first]
            splits = self._split_rule.by_position(before - before[first], counts)
        return np.where(events.logged, splits, ONLY_HISTORY).astype(np.int8)

    def _holds(
        self, condition: str | None, where: str, events: Events, values: ColumnValues
    ) -> npt.NDArray[np.bool_]:
        if condition is None:
            return np.ones(len(events), bool)
        parsed = Condition.parse(condition)
        try:
            return parsed.evaluate(values.arrays(parsed.columns))
        except ConditionError as error:
            raise DataError(f"{where}: {error}; correct it or declare the column's type") from error

    def _labels(self, events: Events, values: ColumnValues) -> dict[str, npt.NDArray[np.float32]]:
        found = {}
        for name, task in self._spec.tasks.items():
            known = events.logged & self._holds(task.mask, f"mask of task {name!r}", events, values)
            labels = values.arrays((task.label,))[task.label].astype(np.float32)
            found[name] = np.where(known, labels, np.float32(np.nan))
        return found

    def _count_labels(
        self, task: str, labels: npt.NDArray[np.float32], splits: npt.NDArray[np.int8]
    ) -> None:
        for split, code in SPLITS.items():
            here = labels[splits == code]
            counts = self.counts
            for total, rows in ((counts.labelled, ~np.isnan(here)), (counts.positive, here == 1)):
                total[split, task] = total.get((split, task), 0) + int(rows.sum())

    def _count(self, events: Events, values: ColumnValues, splits: npt.NDArray[np.int8]) -> None:
        counts = self.counts
        counts.users += len(np.unique(events.user_start))
        counts.history_rows += int((~events.logged).sum())
        counts.log_rows += int(events.logged.sum())
        for split, code in SPLITS.items():
            counts.impressions[split] += int((splits == code).sum())
        for name, rows in values.side_rows.items():
            missed = int(((rows < 0) & events.logged).sum())
            counts.joins_missed[name] = counts.joins_missed.get(name, 0) + missed


def _runs(starts: npt.NDArray[np.int32]) -> tuple[Rows, Rows]:
    """First and last row of each row's run, from its first row."""
    ends = np.append(np.flatnonzero(np.diff(starts)), len(starts) - 1)
    runs = np.cumsum(np.diff(starts, prepend=starts[:1]) != 0)
    return starts.astype(np.int64), ends[runs]
