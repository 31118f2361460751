"""A cross layer of DCN-V2: a mixture of experts of low rank."""

from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.tanh import tanh


@keras.saving.register_keras_serializable(package="infnet_keras")
class LowRankCross(keras.layers.Layer):
    """x' = x + sum_i G_i(x) x0 * (U_i g(C_i g(V_i^T x)) + b).

    The paper leaves G and g open: G is the softmax of a linear map of x, without bias, and
    is 1 for a single expert; g is tanh unless told. b is shared by the experts, as it is printed.

    `keras_rs.layers.FeatureCross` has one expert, without C and gate; this mixture needs its own.

    Args:
        rank: width r that each expert projects to.
        num_experts: how many experts.
        activation: g, a name that `keras.activations` knows.
        **kwargs: of `keras.layers.Layer`.

    Call:
        x0: float [batch, width], what the first cross layer reads.
        x: float [batch, width], what the layer before gives; x0 itself for the first.
        Returns float [batch, width].

    Example:
        >>> x0 = np.ones((2, 6))
        >>> LowRankCross(rank=3)(x0, x0).shape
        (2, 6)

    Reference:
        Wang et al., DCN V2: improved deep & cross network, WWW 2021, arXiv 2008.13535: the mixture
        of low-rank experts, with the nonlinear maps in the projected space.
    """

    def __init__(
        self, rank: int, num_experts: int = 4, activation: str = "tanh", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rank = rank
        self.num_experts = num_experts
        self.activation = activation

    def build(self, x0_shape: Any, x_shape: Any = None) -> None:
        width, count, rank = x0_shape[-1], self.num_experts, self.rank
        # Keras counts the leading dimension into the fans: `scale` takes it out again.
        glorot = keras.initializers.VarianceScaling(count, "fan_avg", "uniform")
        self.down = self.add_weight((count, width, rank), glorot, name="down")
        self.core = self.add_weight((count, rank, rank), glorot, name="core")
        self.up = self.add_weight((count, rank, width), glorot, name="up")
        self.bias = self.add_weight((width,), "zeros", name="bias")
        if count > 1:
            self.gate = self.add_weight((width, count), "glorot_uniform", name="gate")

    def call(self, x0: Any, x: Any) -> Any:
        tangent = self.activation == "tanh"
        nonlinear = tanh if tangent else keras.activations.get(self.activation)
        hidden = nonlinear(ops.einsum("bd,kdr->bkr", x, self.down))
        hidden = nonlinear(ops.einsum("bkr,krs->bks", hidden, self.core))
        if self.num_experts > 1:
            gates = ops.softmax(at_least_float32(ops.matmul(x, self.gate)), axis=-1)
            hidden = hidden * ops.expand_dims(ops.cast(gates, hidden.dtype), -1)
        # The gates sum to 1, so that they may weigh the hidden units and leave b alone.
        mixed = ops.einsum("bks,ksd->bd", hidden, self.up) + self.bias
        return x + x0 * mixed

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rank": self.rank,
            "num_experts": self.num_experts,
            "activation": self.activation,
        }
