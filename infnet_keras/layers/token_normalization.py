"""Layer normalisation of tokens."""

import importlib
from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.runs_triton import runs_triton


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
        gamma, beta = ops.convert_to_tensor(self.gamma), ops.convert_to_tensor(self.beta)
        inputs = ops.convert_to_tensor(inputs)
        if keras.backend.backend() == "torch":
            normalised = _normalised_by_torch(inputs, gamma, beta, self.epsilon)
        else:
            normalised = _normalised(at_least_float32(inputs), gamma, beta, self.epsilon)
        return ops.cast(normalised, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


def _normalised(values: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    dim = values.shape[-1]
    # Sums, as `ops.mean` falls to float32 on JAX.
    centred = values - ops.sum(values, axis=-1, keepdims=True) / dim
    variance = ops.sum(ops.square(centred), axis=-1, keepdims=True) / dim
    return centred * ops.rsqrt(variance + epsilon) * gamma + beta


def _normalised_by_torch(inputs: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    """In one pass; the operations above are ten, each over all tokens."""
    if runs_triton(inputs):
        kernels = importlib.import_module("infnet_keras.layers.normalization_kernels")
        if kernels.usable(inputs):
            return kernels.normalized(inputs, gamma, beta, epsilon)
    from torch.nn.functional import layer_norm

    values = at_least_float32(inputs)
    dim = (values.shape[-1],)
    return layer_norm(values, dim, gamma.to(values.dtype), beta.to(values.dtype), epsilon)
