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


def sum_by_place(ids: Any, places: Any, values: Any, own: Any) -> tuple[Any, Any, Any]:
    """The values of every id, summed at the place that stands for the id.

    Args:
        ids: int32 [n].
        places: int32 [n], from 0 to n - 1: the same for equal ids, one of their own places.
        values: float [k, width].
        own: int32 [k], the places of the values.

    Returns:
        ids int32 [m]; float [m, width], at one place of each id the sum of its values, 0 at its
        others; and bool [m, 1], True at that place. m is n where shapes are static; torch on the
        processor drops the other places, as its operations are not fused and each would walk all
        of them.
    """
    count = ops.shape(ids)[0]
    first = ops.expand_dims(ops.equal(places, ops.arange(count, dtype="int32")), -1)
    if keras.backend.backend() != "torch":
        return ids, ops.segment_sum(values, own, count), first
    import torch

    # Keras repeats the places for every channel, as int64.
    if values.device.type != "cpu":
        total = values.new_zeros((count, values.shape[1]))
        return ids, total.index_add_(0, own, values), first
    kept = first.flatten().nonzero().flatten()
    rank = torch.empty_like(places)
    rank[kept] = torch.arange(len(kept), dtype=rank.dtype)
    total = values.new_zeros((len(kept), values.shape[1]))
    return ids[kept], total.index_add_(0, rank[own], values), first[kept]


def _indexed_slices(values: Any, ids: Any) -> Any:
    import tensorflow as tf

    return tf.IndexedSlices(values, ids)
