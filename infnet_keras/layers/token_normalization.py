"""Layer normalisation of tokens."""

from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32


@keras.saving.register_keras_serializable(package="infnet_keras")
class TokenNormalization(keras.layers.Layer):
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta over the channels.

    What `keras.layers.LayerNormalization` computes, but in float64 for float64 inputs: Keras' layer
    falls to float32 on JAX. Half precision is raised to float32.

    Args:
        epsilon: added to the variance.
        **kwargs: of `keras.layers.Layer`.

    Call:
        inputs: float [..., dim].
        Returns float [..., dim].

    Example:
        >>> normalised = TokenNormalization()(np.array([[-3.0, 1.0]]))
        >>> np.round(keras.ops.convert_to_numpy(normalised), 2).tolist()
        [[-1.0, 1.0]]

    Reference:
        Ba, Kiros and Hinton, Layer normalization, arXiv 1607.06450.
    """

    def __init__(self, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        dim = (input_shape[-1],)
        self.gamma = self.add_weight(dim, "ones", name="gamma", autocast=False)
        self.beta = self.add_weight(dim, "zeros", name="beta", autocast=False)

    def call(self, inputs: Any) -> Any:
        values = at_least_float32(inputs)
        normalised = _normalised(values, self.gamma, self.beta, self.epsilon)
        return ops.cast(normalised, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


def _normalised(values: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    dim = values.shape[-1]
    gamma, beta = ops.convert_to_tensor(gamma), ops.convert_to_tensor(beta)
    if keras.backend.backend() == "torch":
        from torch.nn.functional import layer_norm

        # One pass; the operations below are ten, each over all tokens.
        return layer_norm(values, (dim,), gamma.to(values.dtype), beta.to(values.dtype), epsilon)
    # Sums, as `ops.mean` falls to float32 on JAX.
    centred = values - ops.sum(values, axis=-1, keepdims=True) / dim
    variance = ops.sum(ops.square(centred), axis=-1, keepdims=True) / dim
    return centred * ops.rsqrt(variance + epsilon) * gamma + beta
