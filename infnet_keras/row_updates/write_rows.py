"""Rows of a weight, written where they stand."""

from typing import Any

import keras
from keras import ops


def add_rows(weight: Any, ids: Any, changes: Any) -> None:
    """weight[id] += change, for every pair; an id that comes twice takes both changes.

    Nothing the size of the weight is written: in place on torch and TensorFlow, and on JAX where
    the step's function is given the weight to keep (donated), as Keras' trainer does.

    Args:
        weight: a Keras variable float [rows, width].
        ids: int32 [n], rows of it.
        changes: float [n, width].
    """
    changes = ops.cast(changes, weight.dtype)
    match keras.backend.backend():
        case "torch":
            import torch

            with torch.no_grad():
                weight.value.index_add_(0, ids, changes)
        case "tensorflow":
            weight.value.scatter_add(_indexed_slices(changes, ids))
        case _:
            weight.assign(ops.scatter_update(weight.value, ids[:, None], changes, "add"))


def put_rows(weight: Any, ids: Any, values: Any) -> None:
    """weight[id] = value, for every pair; of an id that comes twice, either value may stay.

    On torch it is the larger one, so that processes that write the same hold the same.

    Args:
        weight: a Keras variable [rows].
        ids: int32 [n], rows of it.
        values: [n], of the weight's dtype.
    """
    match keras.backend.backend():
        case "torch":
            import torch

            with torch.no_grad():
                weight.value.scatter_reduce_(0, ids.long(), values, "amax", include_self=False)
        case "tensorflow":
            weight.value.scatter_update(_indexed_slices(values, ids))
        case _:
            weight.assign(ops.scatter_update(weight.value, ids[:, None], values))


def sum_by_place(values: Any, places: Any, count: Any) -> Any:
    """sums[places[i]] += values[i], from zeros.

    Args:
        values: float [n, width].
        places: int32 [n], from 0 to count - 1.
        count: how many sums there are.

    Returns:
        float [count, width].
    """
    if keras.backend.backend() == "torch":
        # Keras repeats the places for every channel, as int64.
        return values.new_zeros((count, values.shape[1])).index_add_(0, places, values)
    return ops.segment_sum(values, places, count)


def _indexed_slices(values: Any, ids: Any) -> Any:
    import tensorflow as tf

    return tf.IndexedSlices(values, ids)
