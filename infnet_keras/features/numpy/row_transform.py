"""Whole raw rows -> model inputs, for local work: NumPy. `TensorFlowRowTransform` is the same."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.features.assets import Assets
from infnet_keras.features.history_number import history_number
from infnet_keras.features.numpy.clock import day_of_week, days_since, hour_of_day, to_epoch_ms
from infnet_keras.features.numpy.encoder import Ids, encoders
from infnet_keras.features.numpy.shared_values import Integers, count_shared, value_codes
from infnet_keras.features.raw_batch import read_raw
from infnet_keras.features.raw_inputs import raw_inputs
from infnet_keras.spec.feature_spec import FeatureSpec, SequenceFeature
from infnet_keras.spec.fields import Derive, HistoryCount, HistoryRate

RawArrays = dict[str, npt.NDArray[Any]]


class RowTransform:
    """The model inputs of raw rows.

    Args:
        spec: the feature spec.
        assets: what was fitted for it.

    Raises:
        DataError: the assets belong to another spec, or a column has a type that cannot be used.

    Example:
        >>> transform = RowTransform(data.spec, data.assets)
        >>> model.predict(transform(data.raw_examples))
    """

    def __init__(self, spec: FeatureSpec, assets: Assets):
        assets.check(spec)
        self.spec = spec
        self.inputs = raw_inputs(spec, assets.column_types)
        self.encoders = encoders(spec, assets)

    def __call__(self, raw: Mapping[str, npt.NDArray[Any] | list[Any]]) -> dict[str, Ids]:
        """Model inputs of a batch.

        Args:
            raw: every input of `raw_inputs`, arrays or lists, missing values as it says or None.

        Returns:
            int32 by name: a field [B] or [B, max_values], a sequence feature [B, length] or
            [B, length, max_values].

        Raises:
            DataError: an input is missing, unknown, or of the wrong shape or type.
        """
        arrays = read_raw(self.inputs, raw)
        ids = {name: self._field(name, arrays) for name in self.spec.fields}
        ids |= {f.name: self._sequence(f, arrays) for f in self.spec.sequence_features}
        return ids

    def encode_column(
        self,
        table: str,
        values: npt.NDArray[Any],
        separator: str | None = None,
        max_values: int = 1,
        column: str = "values",
    ) -> Ids:
        """Rows of raw values of any shape: int32 of that shape, [..., max_values] if they split."""
        encoder = self.encoders[table]
        if separator is None:
            return encoder.encode(values.ravel(), column).reshape(values.shape)
        ids = encoder.encode_multivalue(values.ravel(), separator, max_values, column)
        return ids.reshape(*values.shape, max_values)

    def _field(self, name: str, arrays: RawArrays) -> Ids:
        field = self.spec.fields[name]
        column = self.spec.field_column(name)
        table = self.spec.field_table(name)
        if column is None:
            return self.encode_column(table, self._derived(name, arrays), column=name)
        return self.encode_column(table, arrays[column], field.multivalue, field.max_values, column)

    def _derived(self, name: str, arrays: RawArrays) -> npt.NDArray[Any]:
        field = self.spec.fields[name]
        if field.is_sent:
            return arrays[name]
        if field.crossed is not None:
            return self._crossed(field.crossed, arrays)
        derive = field.derive
        time = self.spec.time
        assert time.column is not None  # a spec that derives from time has one
        instants = to_epoch_ms(arrays[time.column], time)
        if derive == "hour_of_day":
            return hour_of_day(instants, time.timezone)
        if derive == "day_of_week":
            return day_of_week(instants, time.timezone)
        assert isinstance(derive, Derive)
        assert derive.days_since is not None
        date = derive.days_since
        return days_since(instants, time.timezone, arrays[date.column], date)

    def _crossed(
        self, derive: HistoryCount | HistoryRate, arrays: RawArrays
    ) -> npt.NDArray[np.float32]:
        """What the candidate shares with the history, float32 [B]."""

        def shared(sequence: str) -> Integers:
            feature = self.spec.sequence_feature(sequence, str(derive.same))
            valid, steps = _latest(feature, arrays)
            candidates = arrays[feature.column]
            codes = value_codes(
                np.concatenate([candidates, steps]),
                feature.multivalue,
                feature.max_values,
                feature.column,
            )
            last = np.cumsum(valid.sum(axis=1))
            return count_shared(
                codes[:, : len(candidates)],
                codes[:, len(candidates) :],
                last - valid.sum(axis=1),
                last,
            )

        return history_number(derive, shared)

    def _sequence(self, feature: SequenceFeature, arrays: RawArrays) -> Ids:
        valid, steps = _latest(feature, arrays)
        trailing = (feature.max_values,) if feature.multivalue else ()
        ids = np.zeros((*valid.shape, *trailing), np.int32)
        ids[valid] = self.encode_column(
            feature.table,
            steps,
            feature.multivalue,
            feature.max_values,
            feature.column,
        )
        return ids


def _latest(
    feature: SequenceFeature, arrays: RawArrays
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]:
    """Which of the latest `length` steps there are, [B, length], and their raw values, [steps]."""
    raw = arrays[feature.name]
    steps = np.clip(arrays[f"{feature.sequence}__length"], 0, raw.shape[1])
    first = np.maximum(steps - feature.length, 0)
    step = first[:, None] + np.arange(feature.length)
    valid = step < steps[:, None]
    return valid, raw[np.nonzero(valid)[0], step[valid]]
