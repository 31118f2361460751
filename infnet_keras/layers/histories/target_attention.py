"""Candidates look at a user's history: DIN's local activation unit."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.softmax import softmax


@keras.saving.register_keras_serializable(package="infnet_keras")
class TargetAttention(keras.layers.Layer):
    """sum_j a(k_j, q) v_j, a(k, q) = MLP([q, k, q - k, q * k]), over the valid steps j.

    The MLP has PReLU, whose slopes below 0 are learned, unit by unit. Its first layer is computed
    as (W_1 + W_3) q + (W_2 - W_3) k + (W_4 diag q) k: what depends on k alone is done once for all
    candidates of a user.

    Args:
        hidden: widths of the MLP's hidden layers, at least one.
        softmax: whether the scores go through a softmax over the steps; else they are the weights,
            so that their sum can tell how strong an interest is.
        **kwargs: of `keras.layers.Layer`.

    Call:
        queries: float [batch, n, width], n candidates of one history.
        keys: float [batch, length, width].
        values: float [batch, length, values_width].
        steps_mask: bool [batch, length], True at the valid steps.
        Returns float [batch, n, values_width]; zeros where no step is valid.

    Example:
        >>> steps, mask = np.ones((2, 5, 4)), np.ones((2, 5), bool)
        >>> TargetAttention()(np.ones((2, 3, 4)), steps, steps, mask).shape
        (2, 3, 4)

    Reference:
        Zhou et al., Deep interest network for click-through rate prediction, KDD 2018, arXiv
        1706.06978, equation 3, without the softmax, as there. The MLP's inputs are those of the
        authors' code, where the paper names q, k and their product; PReLU is one of its two
        activations, and Dice, which needs statistics of the batch, the other.
    """

    def __init__(self, hidden: Sequence[int] = (36,), softmax: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hidden = tuple(hidden)
        self.softmax = softmax

    def build(
        self, queries_shape: Any, keys_shape: Any, values_shape: Any, steps_mask_shape: Any = None
    ) -> None:
        width, (first, *_) = queries_shape[-1], self.hidden
        # One matrix of four parts, and initialised as one.
        glorot = keras.initializers.VarianceScaling(
            (width + first) / (4 * width + first), "fan_avg", "uniform"
        )
        self.query, self.key, self.difference, self.product = (
            self.add_weight((width, first), glorot, name=name)
            for name in ("query", "key", "difference", "product")
        )
        self.kernels = [
            self.add_weight((before, units), "glorot_uniform", name=f"kernel_{index}")
            for index, (before, units) in enumerate(
                zip(self.hidden, (*self.hidden[1:], 1), strict=True), start=1
            )
        ]
        self.biases = [
            self.add_weight((units,), "zeros", name=f"bias_{index}")
            for index, units in enumerate(self.hidden)
        ]
        self.slopes = [
            self.add_weight((units,), keras.initializers.Constant(0.25), name=f"slope_{index}")
            for index, units in enumerate(self.hidden)
        ]
        if not self.softmax:  # which a constant would leave as it is
            self.last_bias = self.add_weight((1,), "zeros", name="last_bias", autocast=False)

    def call(self, queries: Any, keys: Any, values: Any, steps_mask: Any) -> Any:
        weights = self._scores(queries, keys)
        visible = ops.expand_dims(steps_mask, 1)
        if self.softmax:
            weights = softmax(ops.where(visible, weights, -1e9))
        weights = ops.where(visible, weights, 0.0)
        return ops.matmul(ops.cast(weights, values.dtype), values)

    def _scores(self, queries: Any, keys: Any) -> Any:
        """a(k_j, q_i), in float32 at least: [batch, n, length]."""
        of_query = ops.matmul(queries, self.query + self.difference) + self.biases[0]
        of_key = ops.matmul(keys, self.key - self.difference)
        product = ops.expand_dims(queries, -1) * self.product
        outputs = ops.matmul(ops.expand_dims(keys, 1), product)
        outputs = outputs + ops.expand_dims(of_query, 2) + ops.expand_dims(of_key, 1)
        for index, kernel in enumerate(self.kernels):
            if index:
                outputs = outputs + self.biases[index]
            outputs = ops.relu(outputs) - self.slopes[index] * ops.relu(-outputs)
            outputs = ops.matmul(outputs, kernel)
        scores = at_least_float32(ops.squeeze(outputs, -1))
        return scores if self.softmax else scores + self.last_bias

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "hidden": list(self.hidden), "softmax": self.softmax}
