"""Encoders of numbers, whose mean and deviation tf.Transform's analyzers fit.

Like boundaries, they are kept as constants of the transform's graph, under a name.
"""

import tensorflow as tf
import tensorflow_transform as tft

from infnet_keras.features.number_spread import NO_DEVIATION, NumberSpread
from infnet_keras.features.tensorflow.encoder import is_missing_number
from infnet_keras.features.tensorflow.number_encoder import TensorFlowNumberEncoder, transformed
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.transform.saved_function import SavedFunction


def fitted_number(spec: FeatureSpec, field: str, values: tf.Tensor) -> TensorFlowNumberEncoder:
    """The encoder of a numeric field, fitted on the impressions' own values.

    Args:
        spec: the feature spec.
        field: the field's name.
        values: int64 or float32 [batch]; infinity says nothing of how values spread.
    """
    numeric = spec.numbers[field]
    numbers = transformed(numeric, values)
    counted = ~is_missing_number(values) & tf.math.is_finite(numbers)
    numbers = tf.boolean_mask(numbers, counted)
    any_number = tft.size(numbers) > 0  # without any, tf.Transform's mean and variance are NaN
    both = tf.stack([tft.mean(numbers), tf.sqrt(tft.var(numbers))])
    both = tf.where(any_number, both, tf.zeros_like(both))
    mean, deviation = tf.unstack(tf.identity(both, name=_name(spec, field)))
    spreads = deviation > NO_DEVIATION * tf.abs(mean)
    scale = tf.where(spreads, 1.0 / tf.where(spreads, deviation, 1.0), 0.0)
    return TensorFlowNumberEncoder(numeric, mean, scale)


def saved_spreads(spec: FeatureSpec, saved: SavedFunction) -> dict[str, NumberSpread]:
    """The spread of every numeric field that the saved function has, by field."""
    found = {name: saved.constant(_name(spec, name)) for name in spec.numbers}
    return {
        name: NumberSpread(*values.numpy().tolist())
        for name, values in found.items()
        if values is not None
    }


def _name(spec: FeatureSpec, field: str) -> str:
    # An operation's name takes fewer letters than a field's.
    return f"fitted_spread_{sorted(spec.numbers).index(field)}"
