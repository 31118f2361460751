"""Impressions as they lie in an examples directory: raw values, histories, labels."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.examples.columns import ExampleColumn, arrow_schema
from infnet_keras.data.history.histories import Rows
from infnet_keras.data.history.partition import Partition
from infnet_keras.data.history.weights import Weights
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sequences import TIME_GAP


class ExampleBuilder:
    """Builds the examples of one partition, some impressions at a time.

    Args:
        spec: what an example holds.
        columns: its columns, from `example_columns`.
        partition: the impressions and their histories.
        derived: numbers of the derived fields, one an event.
        weights: of the events in each task's loss, as `Partition.weights` gives them.
        left_out: of the events, as `Partition.left_out` gives them; asked for with a `sample`.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        columns: list[ExampleColumn],
        partition: Partition,
        derived: Mapping[str, npt.NDArray[Any]],
        weights: Mapping[str, Weights] | None = None,
        left_out: npt.NDArray[np.bool_] | None = None,
    ):
        self.partition = partition
        self._spec = spec
        self._columns = columns
        self._derived = derived
        self._weights = weights or {}
        self._left_out = left_out
        self._histories = {
            column.sequence: partition.histories(column.sequence)
            for column in columns
            if column.sequence is not None
        }

    def table(self, rows: Rows) -> pa.Table:
        """The examples of some impressions, in the given order.

        Args:
            rows: their rows in the partition.

        Returns:
            One row an impression, in the types of `ExampleColumn.arrow_type`; a missing value is
            null, a label that does not count is 0 with weight 0.
        """
        steps = {name: histories.steps(rows) for name, histories in self._histories.items()}
        arrays = [self._column(column, rows, steps) for column in self._columns]
        return pa.Table.from_arrays(arrays, schema=arrow_schema(self._columns))

    def _column(
        self,
        column: ExampleColumn,
        rows: Rows,
        steps: Mapping[str, tuple[npt.NDArray[np.int32], Rows]],
    ) -> pa.Array:
        if column.kind == "kept":
            assert self._left_out is not None  # whoever asks for the column gives it
            return pa.array((~self._left_out[rows]).astype(np.int64))
        if column.kind == "loss_weight":
            assert column.task is not None
            return pa.array(self._weights[column.task][rows])
        if column.task is not None:
            labels = self.partition.labels[column.task][rows]
            known = ~np.isnan(labels)
            if column.kind == "weight":
                return pa.array(known.astype(np.float32))
            numbers = np.where(known, labels, np.float32(0))
            return pa.array(numbers if column.dtype == "float32" else numbers.astype(np.int64))
        if column.sequence is not None:
            offsets, events = steps[column.sequence]
            if column.column == TIME_GAP:
                seen_by = np.repeat(rows, np.diff(offsets))
                gaps = self.partition.step_gaps(seen_by, events)
                values = pa.array(gaps, mask=gaps == MISSING_INTEGER)
            else:
                values = self.partition.step_values(column.sequence, column.column, events)
            return pa.ListArray.from_arrays(pa.array(offsets), values)
        field = self._spec.fields.get(column.column)
        if field is not None and field.is_sent:
            return pa.array(self._derived[column.column][rows], from_pandas=True)
        return self.partition.values.values(column.column, rows)
