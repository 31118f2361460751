"""The spec's own features as columns of numbers, for models that read no embeddings."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.boosting.value_rates import Ids, ValueRates
from infnet_keras.spec import FeatureSpec

Matrix = npt.NDArray[np.float32]
_ORDERED = ("quantiles", "boundaries", "identity")


class Features:
    """Turns the inputs of a model into a matrix.

    - a field of an ordered table (quantiles, boundaries, identity): its bucket or number, NaN where
      it is missing;
    - a numeric field: its standardised number, NaN where it is missing;
    - another field: the smoothed rate of every task at its value, and how often it was seen; of
      several values the means;
    - a behaviour: how many steps it has; of each attribute the mean rate of every task over the
      steps and, where a field reads the same column, how many steps have the field's value.

    Args:
        spec: the feature spec.
        rates: field -> its rates; of the fields of tables that are not ordered.
    """

    def __init__(self, spec: FeatureSpec, rates: Mapping[str, ValueRates]) -> None:
        self._spec = spec
        self._rates = rates
        self._rates_of_table = {spec.field_table(name): rates[name] for name in rated_fields(spec)}

    @property
    def names(self) -> list[str]:
        """What the columns are."""
        spec, names = self._spec, []
        for name in spec.fields:
            if name in self._rates:
                names += [f"{name}: rate of {task}" for task in spec.tasks] + [f"{name}: count"]
            else:
                names.append(name)
        for sequence in dict.fromkeys(f.sequence for f in spec.sequence_features):
            names.append(f"{sequence}: steps")
        for feature in spec.sequence_features:
            of = f"{feature.sequence}.{feature.column}"
            if feature.table in self._rates_of_table:
                names += [f"{of}: mean rate of {task}" for task in spec.tasks]
            if feature.field is not None:
                names.append(f"{of}: steps with the value of {feature.field}")
        return names

    def matrix(self, inputs: Mapping[str, npt.NDArray[Any]], folds: Ids | None = None) -> Matrix:
        """The features of a batch, float32 [batch, columns].

        Args:
            inputs: ids by input name, as a model takes them.
            folds: int [batch], of impressions that the rates have counted: the part that each is
                in; None for others.
        """
        spec = self._spec
        columns: list[npt.NDArray[np.floating]] = []
        for name in spec.fields:
            if name in spec.numbers:
                columns.append(np.asarray(inputs[name], np.float32))
                continue
            ids = np.asarray(inputs[name])
            rates = self._rates.get(name)
            if rates is None:
                first = spec.all_tables[spec.field_table(name)].first_value_id
                columns.append(_mean(np.where(ids >= first, ids, np.nan), ids >= first))
                continue
            columns += [_mean(rates.rate(task, ids, folds), ids > 0) for task in spec.tasks]
            columns.append(_mean(rates.count(ids, folds), ids > 0))
        for sequence in dict.fromkeys(f.sequence for f in spec.sequence_features):
            feature = next(f for f in spec.sequence_features if f.sequence == sequence)
            columns.append(_valid(inputs[feature.name]).sum(axis=1).astype(np.float32))
        for feature in spec.sequence_features:
            ids = np.asarray(inputs[feature.name])
            found = self._rates_of_table.get(feature.table)
            if found is not None:
                flat = ids.reshape(len(ids), -1)
                columns += [_mean(found.rate(t, flat, folds), flat > 0) for t in spec.tasks]
            if feature.field is not None:
                columns.append(_matches(ids, np.asarray(inputs[feature.field])))
        return np.stack(columns, axis=1).astype(np.float32)


def rated_fields(spec: FeatureSpec) -> list[str]:
    """The fields whose values have no order, so that rates stand for them."""
    tables = {name: spec.all_tables[spec.field_table(name)] for name in spec.id_fields}
    return [name for name, table in tables.items() if table.kind not in _ORDERED]


def _valid(ids: Ids) -> npt.NDArray[np.bool_]:
    """Which steps of [batch, length] or [batch, length, values] are there."""
    return np.asarray((ids if ids.ndim == 2 else ids[..., 0]) != 0)


def _mean(values: npt.NDArray[np.floating], valid: npt.NDArray[np.bool_]) -> Matrix:
    """The mean of the valid values of each row; NaN where none is."""
    if values.ndim == 1:
        return np.where(valid, values, np.nan).astype(np.float32)
    count = valid.sum(axis=1)
    total = np.where(valid, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _matches(steps: Ids, field: Ids) -> Matrix:
    """How many steps share a value with the field."""
    steps = steps.reshape(*steps.shape[:2], -1)
    field = field.reshape(len(field), -1)
    same = np.zeros(steps.shape[:2], bool)
    for value in range(field.shape[1]):
        wanted = field[:, value][:, None, None]
        same |= ((steps == wanted) & (steps > 0)).any(axis=2)
    return np.asarray(same.sum(axis=1), np.float32)
