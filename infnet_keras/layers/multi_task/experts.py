"""Experts of one shape, computed together."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.errors import ModelError


@keras.saving.register_keras_serializable(package="infnet_keras")
class Experts(keras.layers.Layer):
    """h_i(x) for several networks of one shape: layers with ReLU, as one batched product each.

    Args:
        count: how many experts there are.
        hidden: widths of an expert's layers, one at least; the last one is its output's.
        dropout: rate after each layer.
        **kwargs: of `keras.layers.Layer`.

    Call:
        inputs: float [batch, width], which every expert reads, or [batch, count, width], each
            expert's own.
        Returns float [batch, count, hidden[-1]].

    Raises:
        ModelError: there is no layer, or the inputs are of another number of experts.

    Example:
        >>> Experts(4, [16, 8])(np.zeros((2, 12))).shape
        (2, 4, 8)

    Reference:
        Ma et al., Modeling task relationships in multi-task learning with multi-gate
        mixture-of-experts, KDD 2018, section 4.2: experts are perceptrons of one shape with ReLU.
    """

    def __init__(
        self, count: int, hidden: Sequence[int], dropout: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not hidden:
            raise ModelError("an expert has one layer at least; `hidden` is empty")
        self.count = count
        self.hidden = tuple(hidden)
        self.dropout = dropout

    def build(self, input_shape: Any) -> None:
        *_, width = input_shape
        if len(input_shape) == 3 and input_shape[1] != self.count:
            raise ModelError(
                f"there are {self.count} experts, and inputs of {input_shape[1]}: give each expert "
                "its own, or one to all of them"
            )
        self.dropout_layer = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)
        self.kernels, self.biases = [], []
        for index, units in enumerate(self.hidden):
            # Keras counts the leading dimension into the fans: `scale` takes it out again, which
            # leaves Glorot's uniform initialisation of each expert's matrix.
            glorot = keras.initializers.VarianceScaling(self.count, "fan_avg", "uniform")
            self.kernels.append(
                self.add_weight((self.count, width, units), glorot, name=f"kernel_{index}")
            )
            self.biases.append(self.add_weight((self.count, units), "zeros", name=f"bias_{index}"))
            width = units

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        outputs = inputs
        for kernel, bias in zip(self.kernels, self.biases, strict=True):
            equation = "bi,nio->bno" if len(outputs.shape) == 2 else "bni,nio->bno"
            outputs = ops.relu(ops.einsum(equation, outputs, kernel) + bias)
            outputs = self.dropout_layer(outputs, training=training)
        return outputs

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "count": self.count,
            "hidden": list(self.hidden),
            "dropout": self.dropout,
        }
