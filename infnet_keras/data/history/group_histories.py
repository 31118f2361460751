"""What everybody did before each day, per value of a column: histories of items, authors, ..."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.history.column_values import ColumnValues
from infnet_keras.features.canonical import canonical_strings
from infnet_keras.spec import FeatureSpec

Days = npt.NDArray[np.int64]
BEFORE_THE_LOG = np.iinfo(np.int32).min  # the day of events that have an order but no time


class Spans(NamedTuple):
    """For each event the days first .. end - 1 of the histories by one column."""

    by: str
    first: Days
    end: Days


class GroupHistories:
    """Counts of behaviours per (value, day), of the columns that some field counts `by`.

    First every partition is added, then counts before a day can be asked for. Memory grows with the
    number of distinct (value, day) pairs, not with events.

    Args:
        spec: which fields count by which columns.
    """

    def __init__(self, spec: FeatureSpec):
        self._sequences: dict[str, list[str]] = {}
        for field in spec.fields.values():
            derivation = field.derivation
            if derivation is not None and derivation.shared_by is not None:
                self._sequences.setdefault(derivation.shared_by, []).extend(derivation.sequences)
        self._sequences = {by: sorted(set(names)) for by, names in self._sequences.items()}
        self._found: dict[str, list[pa.Table]] = {by: [] for by in self._sequences}
        self._days: dict[str, tuple[pa.Array, Days, dict[str, Days]]] = {}

    @property
    def needed(self) -> bool:
        """Whether any field counts so."""
        return bool(self._sequences)

    def add(
        self, values: ColumnValues, holds: Mapping[str, npt.NDArray[np.bool_]], days: Days
    ) -> None:
        """Count a partition's events.

        Args:
            values: its columns.
            holds: for each sequence, the events that belong to it.
            days: local day of every event, `BEFORE_THE_LOG` where it has no time.
        """
        for by, sequences in self._sequences.items():
            counted = {name: holds[name].astype(np.int64) for name in sequences}
            table = pa.table({"value": _strings(values, by), "day": days, **counted})
            self._found[by] = [_summed([*self._found[by], table], sequences)]

    @property
    def counted(self) -> dict[str, pa.Table]:
        """What was added so far: for each column its values, days and counts of behaviours."""
        return {by: tables[0] for by, tables in self._found.items() if tables}

    def add_counted(self, counted: Mapping[str, pa.Table]) -> None:
        """Add what another one counted of other partitions."""
        for by, table in counted.items():
            self._found[by] = [_summed([*self._found[by], table], self._sequences[by])]

    def finish(self) -> None:
        """Turn the counts of days into counts before days."""
        for by, sequences in self._sequences.items():
            table = _summed(self._found.pop(by), sequences)
            table = table.filter(pc.is_valid(table["value"]))
            table = table.sort_by([("value", "ascending"), ("day", "ascending")])
            coded = table["value"].combine_chunks().dictionary_encode()
            keys = _keys(coded.indices.to_numpy().astype(np.int64), table["day"].to_numpy())
            totals = {
                name: np.concatenate([[0], np.cumsum(table[name].to_numpy())]) for name in sequences
            }
            self._days[by] = coded.dictionary, keys, totals

    def spans(self, values: ColumnValues, by: str, days: Days) -> Spans:
        """Where the days stand that are before each event's day and share its value of a column."""
        distinct, keys, _ = self._days[by]
        codes = pc.index_in(_strings(values, by), value_set=distinct)
        known = codes.is_valid().to_numpy(zero_copy_only=False)
        at = pc.fill_null(codes, 0).to_numpy().astype(np.int64)
        first = np.searchsorted(keys, _keys(at, np.full(len(at), BEFORE_THE_LOG)))
        end = np.searchsorted(keys, _keys(at, days))
        return Spans(by, np.where(known, first, end), end)

    def earlier(self, spans: Spans, sequence: str) -> Days:
        """Events of a behaviour in these days; 0 for an event without a value."""
        totals = self._days[spans.by][2][sequence]
        return np.asarray(totals[spans.end] - totals[spans.first])


def _keys(codes: Days, days: npt.NDArray[np.int64]) -> Days:
    """One number that orders by (code, day)."""
    return (codes << 32) + (days.astype(np.int64) - BEFORE_THE_LOG)


def _strings(values: ColumnValues, by: str) -> pa.Array:
    return canonical_strings(values.values(by), by)


def _summed(tables: list[pa.Table], sequences: list[str]) -> pa.Table:
    grouped = pa.concat_tables(tables).group_by(["value", "day"])
    summed = grouped.aggregate([(name, "sum") for name in sequences])
    columns = {"value": summed["value"], "day": summed["day"]}
    return pa.table({**columns, **{name: summed[f"{name}_sum"] for name in sequences}})
