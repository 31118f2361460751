"""The second pass: the events of some users, in order, with everything that needs raw values."""

import numpy as np
import pyarrow as pa

from infnet_keras.data.examples.builder import ExampleBuilder
from infnet_keras.data.examples.columns import input_columns
from infnet_keras.data.examples.raw_examples import Drawn, draw
from infnet_keras.data.history.group_histories import GroupHistories
from infnet_keras.data.history.partition import Partition
from infnet_keras.data.history.splits import ONLY_HISTORY, SPLITS, SplitRule
from infnet_keras.data.preparation.counts import Counts
from infnet_keras.data.preparation.statistics import Statistics
from infnet_keras.data.prepared import layout
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.joins.joined_sources import JoinedSources
from infnet_keras.spec import FeatureSpec


class PartitionPass:
    """Goes through the partitions one by one, gathering counts, statistics and raw examples.

    Args:
        spec: what is prepared.
        plan: where columns come from.
        sources: the joined sources and the logs that labels are found in.
        split_rule: which impressions are training, validation and test.
        total_rows: rows of the whole log.
        partitions: how many partitions there are.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        plan: ColumnPlan,
        sources: JoinedSources,
        split_rule: SplitRule,
        total_rows: int,
        partitions: int,
    ):
        self._spec = spec
        self._plan = plan
        self._sources = sources
        self._split_rule = split_rule
        self._total_rows = total_rows
        self._partitions = partitions
        self._inputs = input_columns(spec, plan.types)
        self.counts = Counts()
        self.groups = GroupHistories(spec)
        self.statistics = Statistics(spec, plan, sources.tables)
        self.drawn: list[Drawn] = []

    def run(self, log: pa.Table, earlier: pa.Table | None) -> pa.Table:
        """Bring one partition into order.

        Args:
            log: its rows of the log, as put aside.
            earlier: its rows of the earlier history and of other logs.

        Returns:
            The columns of the shard besides ids, and the raw columns that ids come from: `raw:*`
            of the log itself, `side:*` rows in the joined sources, `derived:*` values, `cells:*`
            elements of ready-made histories.
        """
        spec = self._spec
        partition = self._open(log, earlier)
        events, values = partition.events, partition.values
        splits = partition.splits(self._split_rule, self._total_rows)
        derived = partition.derived(self.groups)
        # Also of impressions from before the start of training: an earlier run saw their values.
        fitted = events.logged & (splits <= SPLITS["train"])
        self.statistics.add(values, derived, np.flatnonzero(fitted))
        builder = ExampleBuilder(spec, self._inputs, partition, derived)
        self.drawn.append(draw(builder, splits, self._partitions))
        left_out = partition.left_out(splits)
        self.counts.add(partition, splits, left_out, derived)
        weights = partition.weights(splits)
        splits = np.where(left_out, np.int8(ONLY_HISTORY), splits)

        columns: dict[str, pa.Array] = {
            layout.USER: pa.array(events.users),
            layout.SPLIT: pa.array(splits),
            layout.HISTORY_END: pa.array(events.history_end),
        }
        if layout.needs_day_end(spec):
            columns[layout.DAY_END] = pa.array(partition.day_end)
        if layout.needs_time(spec):
            columns[layout.TIME] = pa.array(partition.event_times)
        for name in layout.behaviours(spec):
            columns[layout.behaviour_column(name)] = pa.array(partition.holds[name])
        for name, labels in partition.labels.items():
            columns[layout.label_column(name)] = pa.array(labels)
        for name, weight in weights.items():
            columns[layout.weight_column(name)] = pa.array(weight)
        for name, rows in values.side_rows.items():
            columns[f"side:{name}"] = pa.array(rows)
        for name, numbers in derived.items():
            columns[layout.derived_column(name)] = pa.array(numbers)
        for name, cells in partition.cells.items():
            columns[f"cells:{name}"] = cells
        for id_column in layout.id_columns(spec):
            column = id_column.column
            if not id_column.is_derived and self._plan.owner[column] not in self._plan.joins:
                columns[f"raw:{column}"] = values.values(column)
        return pa.table(columns)

    def survey(self, log: pa.Table, earlier: pa.Table | None) -> None:
        """Count one partition's events for the histories over all users, before any `run`."""
        partition = self._open(log, earlier)
        assert partition.days is not None  # the spec's checks ask for a time column
        self.groups.add(partition.values, partition.holds, partition.days)

    def _open(self, log: pa.Table, earlier: pa.Table | None) -> Partition:
        return Partition(self._spec, self._plan, self._sources, log, earlier, self.counts.users)
