"""Example rows made of what a model knows of its inputs, where no rows of the log are at hand."""

from typing import Any

import numpy as np

from infnet_keras.features import Assets, RawInput, raw_inputs
from infnet_keras.features.calendar import DAY
from infnet_keras.features.numpy.spelt_times import spelt_times
from infnet_keras.spec import FeatureSpec, Table
from infnet_keras.spec.numeric import Numeric
from infnet_keras.spec.sources import ColumnType
from infnet_keras.spec.time_spelling import TimeSpelling

ROWS = 64
_MISSING, _UNKNOWN, _EMPTY = 0.1, 0.1, 0.25
_MOST_CODES, _MOST_STEPS = 1000, 100
_UNHEARD = {"int64": 2**62 + 1, "float32": 1e30, "string": "unheard of"}
_LARGEST_WHOLE, _LARGEST_LOG = 2.0**62, 43.0  # e ** 43 is below 2 ** 63
_MONDAY = 1_704_067_200_000  # 2024-01-01, in milliseconds


def drawn_examples(
    spec: FeatureSpec, assets: Assets, rows: int = ROWS, seed: int = 0
) -> dict[str, list[Any]]:
    """A raw `predict` batch from vocabularies, boundaries and lengths.

    A tenth of the values is missing and another tenth is of a kind that no training row had: out
    of vocabulary, beyond the boundaries, not an instant. A quarter of the histories is empty, and
    some are longer than the model reads.

    Args:
        spec: the feature spec.
        assets: what was fitted for it.
        rows: how many.
        seed: of the draws.

    Returns:
        Lists by input name, missing values as None.

    Example:
        >>> model.predict(RowTransform(spec, assets)(drawn_examples(spec, assets)))
    """
    draw = _Draw(spec, assets, np.random.default_rng(seed))
    lengths: dict[str, Any] = {}
    found: dict[str, list[Any]] = {}
    for raw in raw_inputs(spec, assets.column_types):
        behaviour = raw.sequence
        if behaviour is None:
            found[raw.name] = draw.values(raw.name, raw, rows)
            continue
        if behaviour not in lengths:
            lengths[behaviour] = draw.lengths(spec.sequences[behaviour].length, rows)
        if raw.kind == "length":
            found[raw.name] = lengths[behaviour].tolist()
        else:
            steps = int(lengths[behaviour].max(initial=1))
            found[raw.name] = [draw.values(str(raw.column), raw, steps) for _ in range(rows)]
    return found


class _Draw:
    def __init__(self, spec: FeatureSpec, assets: Assets, random: np.random.Generator):
        self._spec = spec
        self._assets = assets
        self._random = random
        self._times: dict[str, TimeSpelling] = {d.column: d for d in spec.dates.values()}
        if spec.time.column is not None:
            self._times[spec.time.column] = spec.time

    def lengths(self, most: int, rows: int) -> Any:
        """Steps of histories; the last one is longer than the model reads."""
        lengths = self._random.integers(1, min(most, _MOST_STEPS) + 1, rows)
        lengths[self._random.random(rows) < _EMPTY] = 0
        lengths[-1:] = min(most, _MOST_STEPS) + 2
        return lengths

    def values(self, column: str, raw: RawInput, count: int) -> list[Any]:
        """Values of one column."""
        is_time = column in self._times
        known = self._instants(column, raw, count) if is_time else self._known(column, raw.dtype)
        separator = self._separator(column)
        found: list[Any] = []
        for chance in self._random.random(count):
            if chance < _MISSING:
                found.append(None)
                continue
            pool = [_UNHEARD[raw.dtype]] if chance < _MISSING + _UNKNOWN else known
            several = 1 if separator is None else int(self._random.integers(1, 5))
            picked = [pool[self._random.integers(len(pool))] for _ in range(several)]
            found.append(picked[0] if separator is None else separator.join(map(str, picked)))
        return found

    def _separator(self, column: str) -> str | None:
        feeding = (feeds.get(column) for feeds in self._spec.table_columns.values())
        return next((separator for separator in feeding if separator is not None), None)

    def _instants(self, column: str, raw: RawInput, count: int) -> list[Any]:
        first = 0 if column == self._spec.time.column else -30  # dates lie before and after it
        days = self._random.uniform(first, 30, count)
        instants = _MONDAY + (days * DAY).astype(np.int64)
        zone = self._spec.time.timezone
        found: list[Any] = spelt_times(instants, self._times[column], zone, raw.dtype).to_pylist()
        return found

    def _known(self, column: str, dtype: ColumnType) -> list[Any]:
        """Values that the tables of a column place; any, if it feeds none."""
        found: list[Any] = []
        for name, feeds in self._spec.table_columns.items():
            if column in feeds:
                found += self._of_table(name, self._spec.all_tables[name])
        return _typed(found, dtype) or _typed(list(range(10)), dtype)

    def _of_table(self, name: str, table: Table) -> list[Any]:
        if table.vocabulary is not None:
            return self._assets.vocabularies[name][:_MOST_CODES]
        if table.hash is not None:
            return list(range(min(2 * table.hash, _MOST_CODES)))
        if table.identity is not None:
            return list(range(min(table.identity, _MOST_CODES)))
        if table.numeric is not None:
            return self._around(table.numeric, *self._assets.numbers[name])
        boundaries = np.array(table.boundaries or self._assets.boundaries[name], np.float64)
        if not len(boundaries):
            return [0.0, 1.0]
        between = (boundaries[1:] + boundaries[:-1]) / 2
        outside = [boundaries[0] - 1, boundaries[-1] + 1]
        return [*boundaries.tolist(), *between.tolist(), *outside]

    @staticmethod
    def _around(numeric: Numeric, mean: float, deviation: float) -> list[Any]:
        """Numbers near the mean and beyond where they are cut."""
        steps = np.array([-1.5 * numeric.clip, -2, -1, -0.5, 0, 0.5, 1, 2, 1.5 * numeric.clip])
        found = mean + (deviation or 1.0) * steps
        if numeric.transform == "log":
            found = np.sign(found) * np.expm1(np.minimum(np.abs(found), _LARGEST_LOG))
        whole = np.clip(found, -_LARGEST_WHOLE, _LARGEST_WHOLE)
        numbers: list[Any] = whole.tolist()
        return numbers


def _typed(values: list[Any], dtype: ColumnType) -> list[Any]:
    if dtype == "string":
        return [str(value) for value in values]
    if dtype == "float32":
        return [float(value) for value in values]
    return [int(value) for value in values]
