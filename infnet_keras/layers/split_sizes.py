"""Taking joined tensors apart again."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


def split_sizes(tensor: Any, sizes: Sequence[int]) -> list[Any]:
    """Consecutive parts of these sizes along axis 1.

    `ops.split`, whose gradient is one concatenation, except that on TensorFlow it cannot split
    into one part, and on torch it waits for the device to read the sizes.
    """
    if len(sizes) == 1:
        return [tensor]
    if keras.backend.backend() == "torch":
        return list(tensor.split(list(sizes), dim=1))
    return list(ops.split(tensor, [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)], axis=1))
