"""The gate that proxies set on the channels of their type's tokens."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.multilayer_perceptron import MultilayerPerceptron


@keras.saving.register_keras_serializable(package="infnet_keras")
class ProxyGatedUnit(keras.layers.Layer):
    """The gate g of PGU(X, X~) = X * g, g = sigmoid(MLP(flatten(X~))), one vector per example.

    The gate itself is returned, not X * g: the running product of gates stands for the rewritten
    tokens (see `ProxyCrossAttention`). It is in float32 at least, whatever the compute dtype, as
    the product shrinks like 2^-blocks.

    Args:
        hidden: hidden widths of the MLP; None takes one hidden layer of the tokens' width.
        residual: gives 1 + g, the gate of X + X * g.
        **kwargs: of `keras.layers.Layer`.

    Call:
        proxies: float [batch, n, dim].
        Returns g float32 (or float64) [batch, dim].

    Example:
        >>> gate = ProxyGatedUnit()(np.zeros((1, 4, 2)))  # sigmoid(0)
        >>> keras.ops.convert_to_numpy(gate).tolist()
        [[0.5, 0.5]]

    Reference:
        arXiv 2508.11565, homogeneous flow: PGU.
    """

    def __init__(
        self, hidden: Sequence[int] | None = None, residual: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.hidden = None if hidden is None else tuple(hidden)
        self.residual = residual

    def build(self, proxies_shape: Any) -> None:
        _, count, dim = proxies_shape
        hidden = (dim,) if self.hidden is None else self.hidden
        self.perceptron = MultilayerPerceptron(
            hidden, dim, dtype=self.dtype_policy, name="perceptron"
        )
        self.perceptron.build((None, count * dim))

    def call(self, proxies: Any) -> Any:
        _, count, dim = proxies.shape
        logits = self.perceptron(ops.reshape(proxies, (-1, count * dim)))
        gate = ops.sigmoid(at_least_float32(logits))
        return 1.0 + gate if self.residual else gate

    def get_config(self) -> dict[str, Any]:
        hidden = None if self.hidden is None else list(self.hidden)
        return {**super().get_config(), "hidden": hidden, "residual": self.residual}
