"""A recurrent network of gated units, whose updates may be weighed by attention."""

from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.tanh import tanh


@keras.saving.register_keras_serializable(package="infnet_keras")
class GatedRecurrence(keras.layers.Layer):
    """h_t = (1 - a_t u_t) * h_{t-1} + a_t u_t * c_t, from h_0 = 0.

    u_t = sigmoid(W_u x_t + U_u h_{t-1} + b_u), r_t = sigmoid(W_r x_t + U_r h_{t-1} + b_r),
    c_t = tanh(W_c x_t + r_t * U_c h_{t-1} + b_c). Without attention a_t is 1: a GRU; with it, a GRU
    with attentional update gate (AUGRU). Padding leaves the state as it is.

    Keras' GRU has no place for a_t; this one keeps float64 on every backend besides. The state is
    in float32 at least, as half precision would lose a little at every step.

    Args:
        units: width of the state.
        **kwargs: of `keras.layers.Layer`.

    Call:
        inputs: float [batch, length, width].
        steps_mask: bool [batch, length], True at the valid steps.
        attention: float [batch, n, length], for n runs over the same steps; None for one run.
        Returns the states after each step, float [batch, n, length, units].

    Example:
        >>> GatedRecurrence(3)(np.ones((2, 5, 4)), np.ones((2, 5), bool)).shape
        (2, 1, 5, 3)

    Reference:
        Zhou et al., Deep interest evolution network for click-through rate prediction, AAAI 2019,
        arXiv 1809.03672: the GRU of the interest extractor, and AUGRU.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        if keras.backend.backend() == "tensorflow":
            # XLA cannot compile what `ops.scan` is there: Keras then leaves it out by itself.
            self.supports_jit = False

    def build(
        self, inputs_shape: Any, steps_mask_shape: Any = None, attention_shape: Any = None
    ) -> None:
        gates, width = ("update", "reset", "candidate"), inputs_shape[-1]
        self.kernels = [
            self.add_weight((width, self.units), "glorot_uniform", name=f"{gate}_kernel")
            for gate in gates
        ]
        self.recurrent = [
            self.add_weight(
                (self.units, self.units), "orthogonal", name=f"{gate}_recurrent", autocast=False
            )
            for gate in gates
        ]
        self.biases = [self.add_weight((self.units,), "zeros", name=f"{g}_bias") for g in gates]

    def call(self, inputs: Any, steps_mask: Any, attention: Any = None) -> Any:
        kernel = ops.concatenate(self.kernels, axis=1)
        recurrent = ops.concatenate(self.recurrent, axis=1)
        projected = ops.matmul(inputs, kernel) + ops.concatenate(self.biases)
        projected = at_least_float32(projected)
        weights = ops.expand_dims(ops.cast(steps_mask, projected.dtype), 1)
        if attention is not None:
            weights = weights * ops.cast(attention, projected.dtype)

        def step(state: Any, given: Any) -> tuple[Any, Any]:
            x, weight = given
            x_update, x_reset, x_candidate = ops.split(x, 3, axis=-1)
            h_update, h_reset, h_candidate = ops.split(ops.matmul(state, recurrent), 3, axis=-1)
            update = weight * ops.sigmoid(x_update + h_update)
            candidate = tanh(x_candidate + ops.sigmoid(x_reset + h_reset) * h_candidate)
            state = (1.0 - update) * state + update * candidate
            return state, state

        by_step = (
            ops.expand_dims(ops.transpose(projected, (1, 0, 2)), 2),
            ops.expand_dims(ops.transpose(weights, (2, 0, 1)), -1),
        )
        start = ops.repeat(ops.zeros_like(by_step[1][0]), self.units, axis=-1)
        _, states = ops.scan(step, start, by_step, length=inputs.shape[1])
        return ops.cast(ops.transpose(states, (1, 2, 0, 3)), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
