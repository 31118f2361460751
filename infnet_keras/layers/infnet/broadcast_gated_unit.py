"""The affine gate that hubs set on the tokens of their type."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.multilayer_perceptron import MultilayerPerceptron


@keras.saving.register_keras_serializable(package="infnet_keras")
class BroadcastGatedUnit(keras.layers.Layer):
    """g = sigmoid(a) and b of BGU(x) = x * g + b, [a, b] = MLP(flatten(hubs)), per example.

    Both are in float32 at least, whatever the compute dtype.

    Args:
        hidden: hidden widths of the MLP; none makes it linear.
        **kwargs: of `keras.layers.Layer`.

    Call:
        hubs: float [batch, n, dim].
        Returns g and b, float32 (or float64) [batch, dim] each.

    Example:
        >>> gate, shift = BroadcastGatedUnit()(np.zeros((1, 4, 2)))  # sigmoid(0), and 0
        >>> keras.ops.convert_to_numpy(gate).tolist(), keras.ops.convert_to_numpy(shift).tolist()
        ([[0.5, 0.5]], [[0.0, 0.0]])

    Reference:
        arXiv 2508.11565v2, affine broadcast: BGU.
    """

    def __init__(self, hidden: Sequence[int] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden = tuple(hidden)

    def build(self, hubs_shape: Any) -> None:
        _, count, dim = hubs_shape
        self.perceptron = MultilayerPerceptron(
            self.hidden, 2 * dim, dtype=self.dtype_policy, name="perceptron"
        )
        self.perceptron.build((None, count * dim))

    def call(self, hubs: Any) -> tuple[Any, Any]:
        _, count, dim = hubs.shape
        both = at_least_float32(self.perceptron(ops.reshape(hubs, (-1, count * dim))))
        return ops.sigmoid(both[:, :dim]), both[:, dim:]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "hidden": list(self.hidden)}
