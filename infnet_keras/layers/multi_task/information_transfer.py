"""A chain of tasks, each of which weighs what it is handed and what it knows itself."""

import math
from typing import Any

import keras
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers.at_least_float32 import at_least_float32


@keras.saving.register_keras_serializable(package="infnet_keras")
class InformationTransfer(keras.layers.Layer):
    """z_1 = q_1 and z_t = AIT(p_t, q_t), p_t = relu(G_t z_(t-1) + b_t) being what is handed on.

    AIT(p, q) = sum of w_u V_t u over u in {p, q}, w = softmax of <K_t u, Q_t u> / sqrt(k) over the
    two. The softmax is computed in float32 at least.

    Args:
        dropout: rate of what is handed on.
        **kwargs: of `keras.layers.Layer`.

    Call:
        tasks: q, float [batch, tasks, k], two tasks at least, in the order of the chain.
        Returns z, float [batch, tasks, k].

    Raises:
        ModelError: there is one task.

    Example:
        >>> InformationTransfer()(np.zeros((2, 3, 8))).shape
        (2, 3, 8)

    Reference:
        Xi et al., Modeling the sequential dependence among audience multi-step conversions with
        multi-task learning in targeted display advertising, KDD 2021, the AIT module. That V, K
        and Q are linear without bias, and G a layer with ReLU, is the authors' code.
    """

    def __init__(self, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dropout = dropout

    def build(self, tasks_shape: Any) -> None:
        _, count, width = tasks_shape
        if count < 2:
            raise ModelError(f"a chain has two tasks at least; found {count}")
        self.dropout_layer = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)
        steps = count - 1

        def kernels(name: str) -> Any:
            # Keras counts the leading dimension into the fans: `scale` takes it out again.
            glorot = keras.initializers.VarianceScaling(steps, "fan_avg", "uniform")
            return self.add_weight((steps, width, width), glorot, name=name)

        self.transfer = kernels("transfer")
        self.transfer_bias = self.add_weight((steps, width), "zeros", name="transfer_bias")
        self.value, self.key, self.query = kernels("value"), kernels("key"), kernels("query")

    def call(self, tasks: Any, training: bool | None = None) -> Any:
        outputs = [tasks[:, 0]]
        for step in range(tasks.shape[1] - 1):
            handed = ops.matmul(outputs[-1], self.transfer[step]) + self.transfer_bias[step]
            handed = self.dropout_layer(ops.relu(handed), training=training)
            pair = ops.stack([handed, tasks[:, step + 1]], axis=1)
            values, keys, queries = (
                ops.matmul(pair, kernel[step]) for kernel in (self.value, self.key, self.query)
            )
            scores = at_least_float32(keys) * at_least_float32(queries)
            scores = ops.sum(scores, axis=-1) * (1.0 / math.sqrt(tasks.shape[-1]))
            weights = ops.cast(ops.softmax(scores, axis=-1), values.dtype)
            outputs.append(ops.sum(ops.expand_dims(weights, -1) * values, axis=1))
        return ops.stack(outputs, axis=1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dropout": self.dropout}
