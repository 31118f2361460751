"""One tower per task: from its task token to its answer."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.task_outputs import TASK_OUTPUTS


@keras.saving.register_keras_serializable(package="infnet_keras")
class TaskTowers(keras.layers.Layer):
    """y_i = sigmoid(MLP_i(T_i)): one architecture, weights of its own per task, run as a batch.

    What stands for the sigmoid is a matter of the task's kind: a regression's number is linear,
    times its scale. It and the last product are in float32 at least: a score rounded to half
    precision would tie with its neighbours.

    Args:
        hidden: widths of the hidden layers (ReLU).
        dropout: rate after each hidden layer.
        kinds: kind of each task, as `TASK_OUTPUTS` names them; None: all binary.
        scales: what each task's answer is multiplied by; None: by 1, as a probability is.
        **kwargs: of `keras.layers.Layer`.

    Call:
        tasks: float [batch, tasks, dim].
        Returns answers, probabilities of binary tasks and numbers in the label's own unit of
        regressions, float32 (or float64) [batch, tasks].

    Raises:
        ModelError: there is no such kind.

    Example:
        >>> TaskTowers([16])(np.zeros((5, 3, 8))).shape
        (5, 3)

    Reference:
        arXiv 2508.11565, prediction: y_i = sigmoid(MLP_i(T_i)).
    """

    def __init__(
        self,
        hidden: Sequence[int] = (64, 32),
        dropout: float = 0.0,
        kinds: Sequence[str] | None = None,
        scales: Sequence[float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kinds = None if kinds is None else list(kinds)
        unknown = [kind for kind in self.kinds or () if kind not in TASK_OUTPUTS]
        if unknown:
            raise ModelError(
                f"tasks are of kind {', '.join(TASK_OUTPUTS)}; found {', '.join(unknown)}"
            )
        self.scales = None if scales is None else [float(scale) for scale in scales]
        self.hidden = tuple(hidden)
        self.dropout = dropout

    def build(self, tasks_shape: Any) -> None:
        _, count, width = tasks_shape
        self.dropout_layer = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)
        self.kernels, self.biases = [], []
        for index, units in enumerate((*self.hidden, 1)):
            hidden = index < len(self.hidden)
            # Keras counts the leading dimension into the fans: `scale` takes it out again, which
            # leaves Glorot's uniform initialisation of each task's matrix.
            self.kernels.append(
                self.add_weight(
                    shape=(count, width, units),
                    initializer=keras.initializers.VarianceScaling(count, "fan_avg", "uniform"),
                    name=f"kernel_{index}",
                    autocast=hidden,
                )
            )
            self.biases.append(
                self.add_weight(
                    shape=(count, units), initializer="zeros", name=f"bias_{index}", autocast=hidden
                )
            )
            width = units

    def call(self, tasks: Any) -> Any:
        outputs = tasks
        for kernel, bias in zip(self.kernels[:-1], self.biases[:-1], strict=True):
            outputs = ops.relu(ops.einsum("bti,tio->bto", outputs, kernel) + bias)
            outputs = self.dropout_layer(outputs)
        outputs = at_least_float32(outputs)
        logits = ops.einsum("bti,tio->bto", outputs, self.kernels[-1]) + self.biases[-1]
        logits = ops.squeeze(logits, -1)
        kinds = self.kinds or ["binary"]
        if len(set(kinds)) == 1:
            answers = TASK_OUTPUTS[kinds[0]](logits)
        else:
            each = [TASK_OUTPUTS[kind](logits[:, i]) for i, kind in enumerate(kinds)]
            answers = ops.stack(each, axis=1)
        if self.scales is None or set(self.scales) == {1.0}:
            return answers
        return answers * ops.convert_to_tensor(self.scales, dtype=answers.dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "hidden": list(self.hidden),
            "dropout": self.dropout,
            "kinds": self.kinds,
            "scales": self.scales,
        }
