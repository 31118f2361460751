"""From raw values to the id columns of a shard."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.history.column_values import Rows
from infnet_keras.data.prepared.layout import (
    IdColumn,
    derived_column,
    event_columns,
    id_columns,
    ready_made,
    sequence_columns,
    steps_column,
)
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.joins.side_table import SideTable
from infnet_keras.data.raw.shapes.list_cells import collected, rows_of
from infnet_keras.features.assets import Assets
from infnet_keras.features.numpy.encoder import Encoder
from infnet_keras.features.numpy.encoders import encoders
from infnet_keras.spec import FeatureSpec

Ids = npt.NDArray[np.int32] | npt.NDArray[np.float32]


class ShardEncoder:
    """Encodes partitions, column by column.

    A joined source is encoded once, row by row of its own; its ids are then looked up as its
    values would be.

    Args:
        spec: what is encoded.
        assets: the fitted vocabularies and boundaries.
        plan: where columns come from.
        sides: the joined sources.
    """

    def __init__(
        self, spec: FeatureSpec, assets: Assets, plan: ColumnPlan, sides: dict[str, SideTable]
    ):
        self._encoders = encoders(spec, assets)
        self._plan = plan
        self._sides = sides
        attributes = set(event_columns(spec))
        # An event of the past is read for the attributes of sequences alone.
        self._id_columns = {column: column in attributes for column in id_columns(spec)}
        self._spec = spec
        self._ready_made = ready_made(spec)
        self._features = sequence_columns(spec)
        self._side_ids: dict[IdColumn, Ids] = {}

    def encode(self, partition: pa.Table, impressions: Rows) -> dict[str, pa.Array]:
        """The columns of ids and numbers of a partition.

        Args:
            partition: `raw:*` values of the log, `derived:*` values, `side:*` rows, `cells:*`
                elements of ready-made histories.
            impressions: the rows that are impressions; in columns that only fields read, all
                others are 0.

        Returns:
            int32 arrays, or lists, by column name of the shard; float32 of numbers.
        """
        found: dict[str, pa.Array] = {}
        for column, of_all_events in self._id_columns.items():
            rows = None if of_all_events else impressions
            ids = self._ids(partition, column, rows)
            if rows is not None:
                every = np.zeros((partition.num_rows, *ids.shape[1:]), ids.dtype)
                every[rows] = ids
                ids = every
            by_position = ids.reshape(len(ids), -1).T
            for name, values in zip(column.shard_columns, by_position, strict=True):
                found[name] = pa.array(np.ascontiguousarray(values))
        for sequence, features in self._ready_made.items():
            cells = partition[f"cells:{sequence}"].combine_chunks()
            rows, elements = rows_of(cells), cells.flatten()
            for feature in features:
                ids = self._step_ids(sequence, self._features[feature], elements)
                every_id = pa.array(ids.reshape(-1))
                each = np.repeat(rows, ids[:1].size if len(ids) else 1)
                found[steps_column(feature)] = collected(every_id, each, cells.is_null())
        return found

    def _step_ids(self, sequence: str, column: IdColumn, elements: pa.Array) -> Ids:
        if column.column == self._spec.history_element(sequence):
            return self._encode(column, elements)
        owner = self._plan.owner[column.column]
        return self._of_side(column, owner)[self._sides[owner].rows([elements])]

    def _ids(self, partition: pa.Table, column: IdColumn, rows: Rows | None) -> Ids:
        owner = None if column.is_derived else self._plan.owner[column.column]
        if owner in self._sides:
            side_rows = partition[f"side:{owner}"].to_numpy()
            ids: Ids = self._of_side(column, owner)[side_rows if rows is None else side_rows[rows]]
            return ids
        name = derived_column(column.column) if owner is None else f"raw:{column.column}"
        values = partition[name].combine_chunks()
        return self._encode(column, values if rows is None else values.take(pa.array(rows)))

    def _of_side(self, column: IdColumn, owner: str) -> Ids:
        """The ids of every row of a joined source, then those of a missing value: row -1."""
        if column not in self._side_ids:
            values = self._sides[owner].column(column.column)
            self._side_ids[column] = self._encode(column, values)
        return self._side_ids[column]

    def _encode(self, column: IdColumn, values: pa.Array) -> Ids:
        encoder = self._encoders[column.table]
        if column.separator is None:
            return encoder.encode(values, column.column)
        assert isinstance(encoder, Encoder)  # a number is one value
        return encoder.encode_multivalue(values, column.separator, column.max_values, column.column)
