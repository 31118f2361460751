"""What the training impressions say: how often each value occurs, and how numbers spread."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.history.column_values import ColumnValues, Rows
from infnet_keras.data.preparation.number_moments import NumberMoments
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.joins.side_table import SideTable
from infnet_keras.features.canonical import canonical_strings, split_values
from infnet_keras.features.number_spread import NumberSpread
from infnet_keras.features.numpy.encoder import comparable
from infnet_keras.features.numpy.number_encoder import transformed
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.tables import Vocabulary

_PENDING_VALUES = 1 << 22
_SAMPLE_SIZE = 1 << 18


class ValueCounts:
    """How often each distinct value was seen; memory grows with distinct values alone."""

    def __init__(self) -> None:
        self._merged: list[pa.Table] = []
        self._pending = 0

    def add(self, values: pa.Array, counts: npt.NDArray[np.int64] | None = None) -> None:
        """Count values (nulls do not count), each `counts` times where given, else once."""
        if counts is None:
            found = pc.value_counts(values)
            values, counts = found.field("values"), found.field("counts").to_numpy()
        self._merged.append(pa.table({"value": values, "count": counts}))
        self._pending += len(values)
        if self._pending > _PENDING_VALUES:
            self._merged = [self.table()]
            self._pending = 0

    def table(self) -> pa.Table:
        """Distinct values (`value`) and how often each occurred (`count`)."""
        if not self._merged:
            return pa.table({"value": pa.nulls(0, pa.binary()), "count": pa.nulls(0, pa.int64())})
        grouped = pa.concat_tables(self._merged).group_by("value").aggregate([("count", "sum")])
        found = pa.table({"value": grouped["value"], "count": grouped["count_sum"]})
        return found.filter(pc.is_valid(found["value"]))


class NumberSample:
    """A uniform sample of bounded size: every value where there are no more than that.

    The same values in the same order give the same sample.
    """

    def __init__(self, seed: int, size: int = _SAMPLE_SIZE):
        self._random = np.random.default_rng(seed)
        self._size = size
        self._values = np.zeros(0, np.float32)
        self._keys = np.zeros(0, np.float64)  # of all values seen, the smallest keys are kept

    def add(self, values: npt.NDArray[Any]) -> None:
        """Offer numbers; NaN is no number, and infinity no boundary."""
        single = comparable(values)
        single = single[np.isfinite(single)]
        keys = np.concatenate([self._keys, self._random.random(len(single))])
        found = np.concatenate([self._values, single])
        if len(found) > self._size:
            kept = np.argpartition(keys, self._size)[: self._size]
            keys, found = keys[kept], found[kept]
        self._keys, self._values = keys, found

    def boundaries(self, quantiles: int) -> list[float]:
        """What splits the sample into that many parts of equal size; equal ones are merged."""
        ordered = np.sort(self._values)
        at = np.arange(1, quantiles) * len(ordered) // quantiles
        return [float(value) for value in np.unique(ordered[at])] if len(ordered) else []


class Statistics:
    """Vocabularies, quantile boundaries and the spread of numbers, gathered partition by partition.

    Every training impression counts once for each column that feeds a table, whatever sequences
    it occurs in later.

    Args:
        spec: which tables there are.
        plan: where columns come from.
        sides: the joined sources.
    """

    def __init__(self, spec: FeatureSpec, plan: ColumnPlan, sides: dict[str, SideTable]):
        self._spec = spec
        self._plan = plan
        self._sides = sides
        self._side_counts = {name: np.zeros(len(side), np.int64) for name, side in sides.items()}
        self._counts: defaultdict[str, ValueCounts] = defaultdict(ValueCounts)
        self._samples = {
            name: NumberSample(crc32(name.encode()))
            for name, table in spec.all_tables.items()
            if table.quantiles is not None
        }
        self._moments = {name: NumberMoments() for name in spec.numbers}
        feeds = spec.table_columns.items()
        self._counted = dict.fromkeys(
            column
            for name, columns in feeds
            if spec.all_tables[name].vocabulary is not None
            for column in columns
        )

    def add(
        self, values: ColumnValues, derived: Mapping[str, npt.NDArray[np.generic]], rows: Rows
    ) -> None:
        """Take the training impressions of a partition in.

        Args:
            values: its columns.
            derived: numbers of the derived fields, one an event.
            rows: the training impressions.
        """
        for name, side_rows in values.side_rows.items():
            found = side_rows[rows]
            self._side_counts[name] += np.bincount(
                found[found >= 0], minlength=len(self._side_counts[name])
            )
        for column in self._counted:
            if self._plan.owner[column] not in self._sides:
                self._counts[column].add(values.values(column, rows))
        for table, sample in self._samples.items():
            for column in self._spec.table_columns[table]:
                if column in derived:
                    sample.add(derived[column][rows])
                else:
                    numbers = values.values(column, rows).drop_null()
                    sample.add(numbers.to_numpy(zero_copy_only=False))
        for name, moments in self._moments.items():
            column = self._spec.values_column(name)
            given = derived[column][rows] if column in derived else values.values(column, rows)
            moments.add(transformed(self._spec.numbers[name], given, column))

    def vocabularies(self) -> dict[str, list[str]]:
        """Values of each vocabulary table, most frequent first, ties by value."""
        return {
            name: self._vocabulary(name, table.vocabulary)
            for name, table in self._spec.all_tables.items()
            if table.vocabulary is not None
        }

    def boundaries(self) -> dict[str, list[float]]:
        """Boundaries of each quantiles table."""
        return {
            name: sample.boundaries(self._spec.all_tables[name].quantiles or 0)
            for name, sample in self._samples.items()
        }

    def numbers(self) -> dict[str, NumberSpread]:
        """Mean and deviation of each numeric field."""
        return {name: moments.spread() for name, moments in self._moments.items()}

    def _vocabulary(self, table: str, rule: Vocabulary) -> list[str]:
        total = ValueCounts()
        for column, separator in self._spec.table_columns[table].items():
            found = self._column_counts(column)
            strings = canonical_strings(found["value"].combine_chunks(), column)
            counts = found["count"].to_numpy()
            if separator is not None:
                parents, strings = split_values(strings, separator)
                counts = counts[parents]
            total.add(strings, counts)
        found = total.table()
        newline = pc.match_substring_regex(found["value"], "[\n\r]")
        enough = pc.greater_equal(found["count"], rule.min_count)
        found = found.filter(pc.and_not(enough, newline))
        found = found.sort_by([("count", "descending"), ("value", "ascending")])
        values: list[str] = found["value"].cast(pa.string()).to_pylist()
        return values[: rule.max_size]

    def _column_counts(self, column: str) -> pa.Table:
        owner = self._plan.owner[column]
        if owner not in self._sides:
            return self._counts[column].table()
        seen = np.flatnonzero(self._side_counts[owner])
        counts = ValueCounts()
        counts.add(
            self._sides[owner].column(column).take(pa.array(seen)), self._side_counts[owner][seen]
        )
        return counts.table()
