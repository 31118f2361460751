"""What a step reads of the embedding tables, apart from how it is read."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
from keras import ops


class Lookup(NamedTuple):
    """Rows of one table weight that a step reads.

    Attributes:
        table: the weight, a Keras variable float [rows, width].
        ids: int32 [batch, positions], rows of it.
    """

    table: Any
    ids: Any


def gather(lookups: Mapping[str, Lookup]) -> dict[str, Any]:
    """The rows of every lookup: float [batch, positions, width], under the lookup's name.

    The plain way from `lookups` to rows. A training step that updates single rows gathers them
    itself, differentiates with respect to them and hands them to the model.
    """
    return {
        name: ops.take(_with_dense_gradient(lookup.table), lookup.ids, axis=0)
        for name, lookup in lookups.items()
    }


def _with_dense_gradient(table: Any) -> Any:
    """The table, whose gradient adds up what repeated ids say.

    TensorFlow lists a gradient for every id that was read, and Keras' optimisers square each by
    itself: Adam then moves a row that a batch reads n times up to sqrt(n) times as far as on the
    other backends.
    """
    if keras.backend.backend() != "tensorflow":
        return table
    import tensorflow as tf

    @tf.custom_gradient
    def dense(values: Any) -> Any:
        return tf.identity(values), tf.convert_to_tensor

    return dense(tf.convert_to_tensor(table))
