"""The plain feed-forward network that proxies, gates and pooled tokens go through."""

from collections.abc import Sequence
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="infnet_keras")
class MultilayerPerceptron(keras.layers.Layer):
    """Dense layers with ReLU between them; the last one is linear. Every layer has a bias.

    Args:
        hidden: widths of the hidden layers; empty gives one linear layer.
        units: width of the output.
        **kwargs: of `keras.layers.Layer`.

    Call:
        inputs: float [..., width], the width static.
        Returns float [..., units].

    Example:
        >>> MultilayerPerceptron([16], 4)(np.zeros((2, 8))).shape
        (2, 4)
    """

    def __init__(self, hidden: Sequence[int], units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden = tuple(hidden)
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.dense_layers = []
        shape = tuple(input_shape)
        for index, width in enumerate((*self.hidden, self.units)):
            activation = "relu" if index < len(self.hidden) else None
            layer = keras.layers.Dense(
                width, activation=activation, dtype=self.dtype_policy, name=f"dense_{index}"
            )
            layer.build(shape)
            self.dense_layers.append(layer)
            shape = (*shape[:-1], width)

    def call(self, inputs: Any) -> Any:
        outputs = inputs
        for layer in self.dense_layers:
            outputs = layer(outputs)
        return outputs

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "hidden": list(self.hidden), "units": self.units}
