"""Raw value -> standardised number, inside a SavedModel."""

import tensorflow as tf

from infnet_keras.errors import DataError
from infnet_keras.features.number_spread import LARGEST
from infnet_keras.features.tensorflow.encoder import comparable, is_missing_number
from infnet_keras.features.transform_plan import Step
from infnet_keras.spec.numeric import Numeric


class TensorFlowNumberEncoder(tf.Module):
    """The transform of one numeric field, with the numbers of `NumberEncoder`.

    Args:
        numeric: what the field says.
        mean: what was fitted for it, a number or a float64 tensor, likewise `scale`: an analyzer of
            tf.Transform is still to run.
        scale: see `NumberSpread.scale`.
    """

    def __init__(self, numeric: Numeric, mean: float | tf.Tensor, scale: float | tf.Tensor):
        super().__init__()
        self._numeric = numeric
        self._mean = mean
        self._scale = scale

    def encode(self, values: tf.Tensor) -> tf.Tensor:
        """Standardised values: float32, NaN where missing.

        Args:
            values: int64 or float32, of any shape.

        Raises:
            DataError: the values are strings.
        """
        numbers = tf.clip_by_value(transformed(self._numeric, values), -LARGEST, LARGEST)
        scaled = (numbers - self._mean) * self._scale
        clipped = tf.clip_by_value(scaled, -self._numeric.clip, self._numeric.clip)
        missing = is_missing_number(values)
        return tf.where(missing, tf.constant(float("nan")), tf.cast(clipped, tf.float32))

    def encode_step(self, step: Step, values: tf.Tensor) -> tf.Tensor:
        """The numbers of values of any shape, float32."""
        return self.encode(values)


def transformed(numeric: Numeric, values: tf.Tensor) -> tf.Tensor:
    """What is standardised, float64, 0 where missing: the numbers, or their logarithms.

    Args:
        numeric: what the field says.
        values: int64 or float32, of any shape.

    Raises:
        DataError: the values are strings.
    """
    if values.dtype == tf.string:
        raise DataError(
            "strings were given to a numeric field: declare the column's type float32 or int64"
        )
    found = comparable(values) if values.dtype.is_floating else values
    numbers = tf.cast(found, tf.float64)
    numbers = tf.where(is_missing_number(values), tf.zeros_like(numbers), numbers)
    if numeric.transform == "log":
        numbers = tf.sign(numbers) * tf.math.log1p(tf.abs(numbers))
    return numbers
