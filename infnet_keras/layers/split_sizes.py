"""Taking joined tensors apart again."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


def split_sizes(tensor: Any, sizes: Sequence[Any], axis: int = 1) -> list[Any]:
    """Consecutive parts of these sizes along an axis.

    `ops.split`, whose gradient is one concatenation. On TensorFlow it cannot split into one part,
    nor an axis whose size is known no sooner than at run time; on torch it waits for the device to
    read the sizes.
    """
    if len(sizes) == 1:
        return [tensor]
    if keras.backend.backend() == "torch":
        return list(tensor.split(list(sizes), dim=axis))
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return list(tf.split(tensor, sizes, axis=axis))
    return list(ops.split(tensor, [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)], axis=axis))
