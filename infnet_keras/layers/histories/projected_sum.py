"""Vectors of several kinds become one token, each by a matrix of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="infnet_keras")
class ProjectedSum(keras.layers.Layer):
    """sum_n W_n x_n over the kinds n that are given, without bias.

    A step of a history and the candidate so become tokens of one space, though they know other
    things of themselves.

    Args:
        names: of the kinds.
        units: width of the token.
        **kwargs: of `keras.layers.Layer`.

    Call:
        inputs: dict of any subset of the names, at least one: float [..., width], all of one width,
            of shapes that can be added up.
        Returns float [..., units].

    Example:
        >>> layer = ProjectedSum(["item", "tag"], units=3)
        >>> layer({"tag": np.ones((2, 5, 4))}).shape
        (2, 5, 3)
    """

    def __init__(self, names: Sequence[str], units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.names = list(names)
        self.units = units

    def build(self, inputs_shape: Any) -> None:
        width = next(iter(inputs_shape.values()))[-1]
        # Keras counts the leading dimension into the fans: `scale` takes it out again.
        glorot = keras.initializers.VarianceScaling(len(self.names), "fan_avg", "uniform")
        self.kernel = self.add_weight((len(self.names), width, self.units), glorot, name="kernel")

    def call(self, inputs: Mapping[str, Any]) -> Any:
        total: Any = 0.0
        for name, values in inputs.items():
            total = total + ops.matmul(values, self.kernel[self.names.index(name)])
        return total

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "names": self.names, "units": self.units}
