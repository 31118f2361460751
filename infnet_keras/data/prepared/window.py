"""Some shards in memory, ready to be cut into batches."""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from infnet_keras.data.history.events import group_starts
from infnet_keras.data.history.histories import Histories
from infnet_keras.data.history.splits import SPLITS, Split
from infnet_keras.data.history.time_gaps import time_gaps
from infnet_keras.data.prepared import layout
from infnet_keras.data.prepared.batch import Batch, Ids, Inputs
from infnet_keras.data.prepared.layout import IdColumn
from infnet_keras.data.prepared.length_buckets import levels_of
from infnet_keras.data.prepared.shard_directory import ShardDirectory
from infnet_keras.features.numpy.encoder import Encoder
from infnet_keras.spec.sequences import TIME_GAP


class Behaviour(NamedTuple):
    """The events of one behaviour, and which of them each impression sees: first..last-1."""

    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    ids: dict[IdColumn, Ids]  # a row an event of the behaviour, then one row of padding
    times: npt.NDArray[np.int64] | None = None  # likewise, milliseconds, where a gap is wanted


class Window:
    """The impressions of one split in some shards.

    Args:
        prepared: the data.
        split: which impressions.
        shards: numbers of the shards.

    Attributes:
        users: int64 [rows], a code a user.
        labels: float32 [rows] by task, NaN where there is none.
        weights: float32 [rows] by task; empty where all impressions weigh alike.
        fields: the column that each field reads; `field_ids` holds them, int32 [rows] or
            [rows, max_values], float32 [rows] of a numeric field.
        features: the column of ids that each sequence feature reads.
        behaviours: by name, the events that the impressions see.
    """

    def __init__(self, prepared: ShardDirectory, split: Split, shards: tuple[int, ...]):
        self._spec = prepared.spec
        self.fields = layout.field_columns(prepared.spec)
        self.features = layout.sequence_columns(prepared.spec)
        parts = [_Part(prepared, split, shard) for shard in shards]
        self.users = np.concatenate([part.users for part in parts])
        self._times = np.concatenate([part.times for part in parts])
        gaps = {f.table for f in self._spec.sequence_features if f.column == TIME_GAP}
        self._encoders = {table: Encoder(self._spec.all_tables[table]) for table in gaps}
        self.field_ids = {
            column: np.concatenate([part.field_ids[column] for part in parts])
            for column in dict.fromkeys(self.fields.values())
        }
        self.labels = {
            task: np.concatenate([part.labels[task] for part in parts]) for task in self._spec.tasks
        }
        self.weights = {
            task: np.concatenate([part.weights[task] for part in parts])
            for task in layout.weighed_tasks(self._spec)
        }
        self.behaviours = {
            name: _joined([part.behaviours[name] for part in parts])
            for name, sequence in self._spec.sequences.items()
            if sequence.attributes
        }

    def __len__(self) -> int:
        return len(self.users)

    @cached_property
    def levels(self) -> npt.NDArray[np.int64]:
        """int64 [rows]: which bucket has room for an impression's histories, as `levels_of`."""
        sequences = self._spec.sequences
        return levels_of(
            {name: found.last - found.first for name, found in self.behaviours.items()},
            {name: sequences[name].length for name in self.behaviours},
        )

    def batch(self, rows: npt.NDArray[np.int64]) -> Batch:
        """The impressions at these rows of the window, with their histories."""
        field_ids = {column: ids[rows] for column, ids in self.field_ids.items()}
        inputs = {name: field_ids[column] for name, column in self.fields.items()}
        steps: dict[str, npt.NDArray[np.int64]] = {}
        for feature in self._spec.sequence_features:
            behaviour = self.behaviours[feature.sequence]
            if feature.sequence not in steps:
                at = behaviour.first[rows][:, None] + np.arange(feature.length)
                padding = len(next(iter(behaviour.ids.values()))) - 1
                steps[feature.sequence] = np.where(at < behaviour.last[rows][:, None], at, padding)
            at = steps[feature.sequence]
            if feature.column == TIME_GAP:
                inputs[feature.name] = self._gap_ids(feature.table, behaviour, rows, at)
            else:
                ids = behaviour.ids[self.features[feature.name]]
                inputs[feature.name] = ids.take(at, axis=0)
        labels = {task: labels[rows] for task, labels in self.labels.items()}
        weights = {task: weights[rows] for task, weights in self.weights.items()}
        return Batch(inputs, labels, self.users[rows], weights)

    def _gap_ids(
        self,
        table: str,
        behaviour: Behaviour,
        rows: npt.NDArray[np.int64],
        at: npt.NDArray[np.int64],
    ) -> Ids:
        """The ids of the time from steps, `at` events, to the impressions that see them."""
        assert behaviour.times is not None  # the layout has them for every gap
        valid = at < len(behaviour.times) - 1
        gaps = time_gaps(self._times[rows][:, None], behaviour.times[at])
        ids = np.zeros(at.shape, np.int32)
        ids[valid] = self._encoders[table].encode(gaps[valid])
        return ids


class _Part:
    """One shard of a window."""

    def __init__(self, prepared: ShardDirectory, split: Split, shard: int):
        spec = prepared.spec
        fields = dict.fromkeys(layout.field_columns(spec).values())
        features = layout.sequence_columns(spec)
        names = dict.fromkeys(
            name
            for column in (*fields, *layout.event_columns(spec))
            for name in column.shard_columns
        )
        ready_made = layout.ready_made(spec)
        names |= dict.fromkeys(
            layout.steps_column(feature) for found in ready_made.values() for feature in found
        )
        names |= dict.fromkeys(layout.label_column(task) for task in spec.tasks)
        weighed = layout.weighed_tasks(spec)
        names |= dict.fromkeys(layout.weight_column(task) for task in weighed)
        told_apart = layout.behaviours(spec)
        names |= dict.fromkeys(map(layout.behaviour_column, told_apart))
        names |= dict.fromkeys([layout.USER, layout.SPLIT, layout.HISTORY_END])
        if layout.needs_day_end(spec):
            names[layout.DAY_END] = None
        if layout.needs_time(spec):
            names[layout.TIME] = None
        path = prepared.directory / prepared.manifest.shards[shard].file
        table = pq.read_table(path, columns=list(names))

        def array(name: str) -> npt.NDArray[Any]:
            return np.asarray(table[name].to_numpy())

        def ids(column: IdColumn, rows: npt.NDArray[Any]) -> Inputs:
            if column.separator is None:
                return np.asarray(array(column.name)[rows], column.dtype)
            return np.stack([array(name)[rows] for name in column.shard_columns], axis=1)

        rows = np.flatnonzero(array(layout.SPLIT) == SPLITS[split])
        users = array(layout.USER)
        self.users = users[rows]
        times = array(layout.TIME) if layout.needs_time(spec) else np.zeros(len(users), np.int64)
        self.times = times[rows]
        self.field_ids = {column: ids(column, rows) for column in fields}
        self.labels = {task: array(layout.label_column(task))[rows] for task in spec.tasks}
        self.weights = {task: array(layout.weight_column(task))[rows] for task in weighed}
        user_start = group_starts(users)[rows]
        self.behaviours: dict[str, Behaviour] = {}
        for name, sequence in spec.sequences.items():
            if not sequence.attributes:
                continue
            if name in ready_made:
                self.behaviours[name] = _ready_made(
                    {
                        features[feature]: table[layout.steps_column(feature)].combine_chunks()
                        for feature in ready_made[name]
                    },
                    rows,
                )
                continue
            end = array(layout.DAY_END if sequence.until == "day" else layout.HISTORY_END)[rows]
            if name in told_apart:
                holds = array(layout.behaviour_column(name))
            else:
                holds = np.ones(len(users), bool)
            histories = Histories.of(holds, user_start, end, sequence.length)
            inputs = spec.sequence_inputs[name].attributes.values()
            columns = {features[i] for i in inputs if i in features}
            self.behaviours[name] = Behaviour(
                histories.first.astype(np.int64),
                histories.last.astype(np.int64),
                {c: ids(c, histories.events) for c in columns},
                None if sequence.time_gap is None else times[histories.events],
            )


def _ready_made(cells: dict[IdColumn, pa.ListArray], rows: npt.NDArray[np.int64]) -> Behaviour:
    """A behaviour whose events are the elements of cells, at some rows of a shard."""
    chosen = {column: lists.take(pa.array(rows)) for column, lists in cells.items()}
    ids: dict[IdColumn, Ids] = {}
    for column, lists in chosen.items():
        flat = np.asarray(lists.flatten().to_numpy(), np.int32)
        ids[column] = flat if column.separator is None else flat.reshape(-1, column.max_values)
    column, lists = next(iter(chosen.items()))
    histories = Histories.of_cells(lists)  # of ids, of which a step has one or max_values
    return Behaviour(
        histories.first.astype(np.int64) // column.max_values,
        histories.last.astype(np.int64) // column.max_values,
        ids,
    )


def _joined(parts: list[Behaviour]) -> Behaviour:
    """The same over several shards, each shard's events after the last's; padding at the end."""
    columns = parts[0].ids
    counts = [len(next(iter(part.ids.values()))) for part in parts]
    offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
    padding = {column: np.zeros((1, *ids.shape[1:]), np.int32) for column, ids in columns.items()}
    times = [part.times for part in parts if part.times is not None]
    return Behaviour(
        np.concatenate([p.first + offset for p, offset in zip(parts, offsets, strict=True)]),
        np.concatenate([p.last + offset for p, offset in zip(parts, offsets, strict=True)]),
        {
            column: np.concatenate([*(part.ids[column] for part in parts), padding[column]])
            for column in columns
        },
        np.concatenate([*times, np.zeros(1, np.int64)]) if times else None,
    )
