"""Gates that weigh experts by what they read."""

from typing import Any

import keras
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers.at_least_float32 import at_least_float32


@keras.saving.register_keras_serializable(package="infnet_keras")
class SoftmaxGates(keras.layers.Layer):
    """g_k(x) = softmax(W_k x): the weights that each of several gates gives the experts.

    The softmax is computed in float32 at least.

    Args:
        count: how many gates there are.
        experts: how many experts each weighs, two at least.
        **kwargs: of `keras.layers.Layer`.

    Call:
        inputs: float [batch, width], which every gate reads, or [batch, count, width], each
            gate's own.
        Returns float [batch, count, experts], 1 in sum over the experts.

    Raises:
        ModelError: there is nothing to weigh.

    Example:
        >>> weights = SoftmaxGates(count=2, experts=4)(np.zeros((3, 8)))
        >>> keras.ops.convert_to_numpy(weights)[0].tolist()
        [[0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]]

    Reference:
        Ma et al., MMoE, KDD 2018, section 4.2: gates are linear in x, and have no bias.
    """

    def __init__(self, count: int, experts: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if experts < 2:
            raise ModelError(f"a gate weighs two experts at least; found {experts}")
        self.count = count
        self.experts = experts

    def build(self, input_shape: Any) -> None:
        # Keras counts the leading dimension into the fans: `scale` takes it out again.
        glorot = keras.initializers.VarianceScaling(self.count, "fan_avg", "uniform")
        shape = (self.count, input_shape[-1], self.experts)
        self.kernel = self.add_weight(shape, glorot, name="kernel")

    def call(self, inputs: Any) -> Any:
        equation = "bi,kie->bke" if len(inputs.shape) == 2 else "bki,kie->bke"
        scores = at_least_float32(ops.einsum(equation, inputs, self.kernel))
        return ops.cast(ops.softmax(scores, axis=-1), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "count": self.count, "experts": self.experts}
