"""The hyperbolic tangent in its argument's own precision."""

from typing import Any

from keras import ops


def tanh(tensor: Any) -> Any:
    """tanh(x), as 2 sigmoid(2x) - 1: `ops.tanh` of float64 falls to float32 on JAX."""
    return 2.0 * ops.sigmoid(2.0 * tensor) - 1.0
