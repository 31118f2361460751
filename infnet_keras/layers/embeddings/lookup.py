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
    return {name: _gathered(lookup.table, lookup.ids) for name, lookup in lookups.items()}


def read_rows(weight: Any, ids: Any) -> Any:
    """weight[id], for every id.

    Args:
        weight: a Keras variable [rows, ...].
        ids: int32 [...], rows of it.

    Returns:
        [*ids.shape, ...], of the weight's dtype.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Of the variable itself: what Keras reads is all of it, which the next write would copy.
        return tf.gather(weight.value, ids)
    return ops.take(weight, ids, axis=0)


def _gathered(table: Any, ids: Any) -> Any:
    if not table.trainable:
        return read_rows(table, ids)
    return ops.take(_with_dense_gradient(table), ids, axis=0)


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
