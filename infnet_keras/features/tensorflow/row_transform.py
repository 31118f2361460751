"""Whole raw rows -> model inputs, inside a SavedModel."""

from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

from infnet_keras.features.assets import Assets
from infnet_keras.features.raw_batch import check_names
from infnet_keras.features.raw_inputs import raw_inputs
from infnet_keras.features.tensorflow import clock
from infnet_keras.features.tensorflow.encoder import TensorFlowEncoder
from infnet_keras.features.tensorflow.shared_values import crossed_values, latest_steps
from infnet_keras.features.tensorflow.vocabulary import TensorFlowVocabulary
from infnet_keras.spec.feature_spec import FeatureSpec, SequenceFeature
from infnet_keras.spec.fields import Derive
from infnet_keras.spec.sources import ColumnType

Tensors = dict[str, tf.Tensor]


class TensorFlowRowTransform(tf.Module):
    """The model inputs of raw rows, with the ids of `RowTransform`.

    Args:
        spec: the feature spec.
        column_types: type of each raw column, as in `Assets`.
        encoders: the encoder of every table; `from_assets` makes them of fitted assets.

    Raises:
        DataError: a column has a type that cannot be used.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        column_types: Mapping[str, ColumnType],
        encoders: Mapping[str, TensorFlowEncoder],
    ):
        super().__init__()
        self._spec = spec
        self._input_names = [raw.name for raw in raw_inputs(spec, column_types)]
        self._encoders = dict(encoders)

    @classmethod
    def from_assets(
        cls, spec: FeatureSpec, assets: Assets, vocabulary_dir: Path
    ) -> "TensorFlowRowTransform":
        """The transform with what was fitted before.

        Args:
            spec: the feature spec.
            assets: what was fitted for it.
            vocabulary_dir: directory with `<table>.txt` of every vocabulary table, as
                `Assets.save` writes it; the files become assets of the SavedModel.

        Raises:
            DataError: the assets belong to another spec, or a column has a type that cannot be
                used.
        """
        assets.check(spec)
        encoders = {
            name: TensorFlowEncoder(
                table,
                None
                if table.vocabulary is None
                else TensorFlowVocabulary(vocabulary_dir / f"{name}.txt"),
                assets.boundaries.get(name),
            )
            for name, table in spec.all_tables.items()
        }
        return cls(spec, assets.column_types, encoders)

    def __call__(self, raw: Mapping[str, tf.Tensor]) -> Tensors:
        """Model inputs of a batch; sizes of axes may be unknown, their number may not.

        Args:
            raw: every input of `raw_inputs`: columns [R], an item's also [R, K] (K candidates a
                request), sequences [R, n] with lengths [R].

        Returns:
            int32 by name: a field in the shape of its column, [..., max_values] if it splits; a
            sequence feature [R, length] or [R, length, max_values].

        Raises:
            DataError: an input is missing or unknown.
        """
        check_names(self._input_names, raw)
        ids = {name: self._field(name, raw) for name in self._spec.fields}
        ids |= {f.name: self._sequence(f, raw) for f in self._spec.sequence_features}
        return ids

    def _encode(
        self, table: str, values: tf.Tensor, separator: str | None, max_values: int
    ) -> tf.Tensor:
        encoder = self._encoders[table]
        if separator is None:
            return encoder.encode(values)
        return encoder.encode_multivalue(values, separator, max_values)

    def _field(self, name: str, raw: Mapping[str, tf.Tensor]) -> tf.Tensor:
        field = self._spec.fields[name]
        return self._encode(
            self._spec.field_table(name),
            field_values(self._spec, name, raw),
            field.multivalue,
            field.max_values,
        )

    def _sequence(self, feature: SequenceFeature, raw: Mapping[str, tf.Tensor]) -> tf.Tensor:
        valid, latest = latest_steps(feature, raw)
        ids = self._encode(feature.table, latest, feature.multivalue, feature.max_values)
        if feature.multivalue is not None:
            valid = valid[..., tf.newaxis]
        return tf.where(valid, ids, 0)


def field_values(spec: FeatureSpec, name: str, raw: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """The value of a field before it is encoded: its column's, or what it derives.

    Args:
        spec: the feature spec.
        name: the field.
        raw: the raw inputs that it reads.
    """
    column = spec.field_column(name)
    if column is not None:
        return raw[column]
    field = spec.fields[name]
    if field.is_sent:
        return raw[name]
    if field.crossed is not None:
        return crossed_values(spec, field.crossed, raw)
    derive = field.derive
    time = spec.time
    assert time.column is not None  # a spec that derives from time has one
    instants = clock.to_epoch_ms(raw[time.column], time)
    if derive == "hour_of_day":
        return clock.hour_of_day(instants, time.timezone)
    if derive == "day_of_week":
        return clock.day_of_week(instants, time.timezone)
    assert isinstance(derive, Derive)
    assert derive.days_since is not None
    date = derive.days_since
    return clock.days_since(instants, time.timezone, raw[date.column], date)
