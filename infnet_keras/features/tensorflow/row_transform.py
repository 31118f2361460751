"""Whole raw rows -> model inputs, inside a SavedModel."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import tensorflow as tf

from infnet_keras.features.assets import Assets, vocabulary_files
from infnet_keras.features.engine import model_inputs
from infnet_keras.features.raw_batch import check_names
from infnet_keras.features.raw_inputs import raw_inputs
from infnet_keras.features.tensorflow.clock import to_epoch_ms
from infnet_keras.features.tensorflow.derived import derived
from infnet_keras.features.tensorflow.encoder import TensorFlowEncoder
from infnet_keras.features.tensorflow.number_encoder import TensorFlowNumberEncoder
from infnet_keras.features.tensorflow.shared_values import count_shared, latest_steps
from infnet_keras.features.tensorflow.vocabulary import TensorFlowVocabulary
from infnet_keras.features.transform_plan import SequenceStep, Step, TransformPlan
from infnet_keras.spec.derived.derivation import Derivation
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType

Tensors = dict[str, tf.Tensor]
Encoders = TensorFlowEncoder | TensorFlowNumberEncoder


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
        encoders: Mapping[str, Encoders],
    ):
        super().__init__()
        self._input_names = [raw.name for raw in raw_inputs(spec, column_types)]
        self._plan = TransformPlan.of(spec)
        self._encoders = dict(encoders)

    @classmethod
    def from_assets(
        cls, spec: FeatureSpec, assets: Assets, vocabulary_dir: Path
    ) -> "TensorFlowRowTransform":
        """The transform with what was fitted before.

        Args:
            spec: the feature spec.
            assets: what was fitted for it.
            vocabulary_dir: directory with the file of every vocabulary table, as
                `Assets.save` writes it; the files become assets of the SavedModel.

        Raises:
            DataError: the assets belong to another spec, or a column has a type that cannot be
                used.
        """
        assets.check(spec)
        files = vocabulary_files(assets.vocabularies)
        encoders: dict[str, Encoders] = {
            name: TensorFlowEncoder(
                table,
                None
                if table.vocabulary is None
                else TensorFlowVocabulary(vocabulary_dir / files[name]),
                assets.boundaries.get(name),
            )
            for name, table in spec.embedding_tables.items()
        }
        for name, numeric in spec.numbers.items():
            spread = assets.numbers[name]
            encoders[name] = TensorFlowNumberEncoder(numeric, spread.mean, spread.scale)
        return cls(spec, assets.column_types, encoders)

    def __call__(self, raw: Mapping[str, tf.Tensor]) -> Tensors:
        """Model inputs of a batch; sizes of axes may be unknown, their number may not.

        Args:
            raw: every input of `raw_inputs`: columns [R], an item's also [R, K] (K candidates a
                request), sequences [R, n] with lengths [R].

        Returns:
            int32 by name: a field in the shape of its column, [..., max_values] if it splits; a
            sequence feature [R, length] or [R, length, max_values]. A numeric field is float32,
            NaN where it is missing.

        Raises:
            DataError: an input is missing or unknown.
        """
        check_names(self._input_names, raw)
        return model_inputs(self._plan, TensorFlowBatch(self._plan, self._encoders, raw), raw)


class TensorFlowBatch:
    """The kernels of TensorFlow over one raw batch.

    Args:
        plan: what is to be done.
        encoders: the encoder of every table that is to be encoded with.
        raw: the raw inputs.
    """

    def __init__(
        self,
        plan: TransformPlan,
        encoders: Mapping[str, Encoders],
        raw: Mapping[str, tf.Tensor],
    ):
        self._plan = plan
        self._encoders = encoders
        self._raw = raw
        self.timezone = plan.spec.time.timezone

    @cached_property
    def instants(self) -> tf.Tensor:
        """int64, the time of each row, milliseconds; MISSING_INTEGER where there is none."""
        time = self._plan.spec.time
        assert time.column is not None  # a spec that derives from time has one
        return to_epoch_ms(self._raw[time.column], time)

    def column(self, name: str) -> tf.Tensor:
        """The raw values of a column."""
        return self._raw[name]

    def shared(self, sequence: str, column: str) -> tf.Tensor:
        """int64, how many steps of the history have the row's own value of a column."""
        step = self._plan.sequence(sequence, column)
        valid, steps = latest_steps(step, self._raw)
        return count_shared(step, self._raw[column], valid, steps)

    def derived(self, derivation: Derivation) -> tf.Tensor:
        """The values of a field that is computed."""
        return derived(derivation, self)

    def encode(self, step: Step, values: tf.Tensor) -> tf.Tensor:
        """int32 ids, or float32 numbers, of values of any shape."""
        return self._encoders[step.table].encode_step(step, values)

    def encode_latest(self, step: SequenceStep) -> tf.Tensor:
        """int32 ids [R, length] or [R, length, max_values] of the histories' latest steps."""
        valid, latest = latest_steps(step, self._raw)
        if step.separator is not None:
            valid = valid[..., tf.newaxis]
        return tf.where(valid, self.encode(step, latest), 0)
