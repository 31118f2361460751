"""A gated cross layer of GDCN."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="infnet_keras")
class GatedCross(keras.layers.Layer):
    """x' = x0 * (W_c x + b) * sigmoid(W_g x) + x.

    The cross part makes interactions of one degree more; the gate weighs them bit by bit.

    Args:
        **kwargs: of `keras.layers.Layer`.

    Call:
        x0: float [batch, width], what the first cross layer reads.
        x: float [batch, width], what the layer before gives; x0 itself for the first.
        Returns float [batch, width].

    Example:
        >>> x0 = np.ones((2, 6))
        >>> GatedCross()(x0, x0).shape
        (2, 6)

    Reference:
        Wang et al., Towards deeper, lighter and interpretable cross network for CTR prediction,
        CIKM 2023, arXiv 2311.04635: the gated cross layer.
    """

    def build(self, x0_shape: Any, x_shape: Any = None) -> None:
        width = x0_shape[-1]
        self.cross = self.add_weight((width, width), "glorot_uniform", name="cross")
        self.gate = self.add_weight((width, width), "glorot_uniform", name="gate")
        self.bias = self.add_weight((width,), "zeros", name="bias")

    def call(self, x0: Any, x: Any) -> Any:
        crossed = x0 * (ops.matmul(x, self.cross) + self.bias)
        return crossed * ops.sigmoid(ops.matmul(x, self.gate)) + x
