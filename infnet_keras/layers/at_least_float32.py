"""Precision of what must not be computed in half precision."""

from typing import Any

import keras
from keras import ops


def at_least_float32(tensor: Any) -> Any:
    """The tensor in float32 if it is float16 or bfloat16, else as it is."""
    half = keras.backend.standardize_dtype(tensor.dtype) in ("float16", "bfloat16")
    return ops.cast(tensor, "float32") if half else tensor
