"""The plain feed-forward network that proxies, gates and pooled tokens go through."""

from collections.abc import Sequence
from typing import Any

import keras


@keras.saving.register_keras_serializable(package="infnet_keras")
class MultilayerPerceptron(keras.layers.Layer):
    """Dense layers with ReLU between them. Every layer has a bias.

    Args:
        hidden: widths of the hidden layers; empty gives one layer.
        units: width of the output.
        activation: of the output; None leaves the last layer linear.
        dropout: rate after each layer that has an activation.
        **kwargs: of `keras.layers.Layer`.

    Call:
        inputs: float [..., width], the width static.
        Returns float [..., units].

    Example:
        >>> MultilayerPerceptron([16], 4)(np.zeros((2, 8))).shape
        (2, 4)
    """

    def __init__(
        self,
        hidden: Sequence[int],
        units: int,
        activation: str | None = None,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.hidden = tuple(hidden)
        self.units = units
        self.activation = activation
        self.dropout = dropout

    def build(self, input_shape: Any) -> None:
        self.dense_layers = []
        self.dropout_layer = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)
        shape = tuple(input_shape)
        for index, width in enumerate((*self.hidden, self.units)):
            activation = "relu" if index < len(self.hidden) else self.activation
            layer = keras.layers.Dense(
                width, activation=activation, dtype=self.dtype_policy, name=f"dense_{index}"
            )
            layer.build(shape)
            self.dense_layers.append(layer)
            shape = (*shape[:-1], width)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        outputs = inputs
        for index, layer in enumerate(self.dense_layers):
            outputs = layer(outputs)
            if self.dropout and (index < len(self.hidden) or self.activation is not None):
                outputs = self.dropout_layer(outputs, training=training)
        return outputs

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "hidden": list(self.hidden),
            "units": self.units,
            "activation": self.activation,
            "dropout": self.dropout,
        }
