"""Task weights that are learnt as the tasks' uncertainty."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="infnet_keras")
class TaskUncertainty(keras.layers.Layer):
    """Sums the tasks' losses, each weighted by a learnt precision.

    sum over tasks of exp(-s) * loss + s / 2, where s is the task's trainable log variance,
    starting at 0. At the optimum exp(-s) = 1 / (2 * loss): a task with a large loss weighs less.
    A regression's loss is half its squared error, so that the same sum is the Gaussian likelihood
    of the paper's equation 7; Huber's loss has that form for errors up to its unit alone.

    Args:
        tasks: names of the tasks, in the order of the variable's rows.
        **kwargs: of `keras.layers.Layer`.

    Call:
        losses: task -> scalar loss; names that are not among `tasks` are an error.
        present: task -> bool scalar, whether the batch holds any label of the task. A task
            without labels has loss 0 and would see its s driven down by s / 2 alone, so it
            leaves the sum. None: every task is present.
        Returns a scalar.

    Example:
        >>> losses = {"click": np.array(0.5), "like": np.array(0.25)}
        >>> float(TaskUncertainty(["click", "like"])(losses))
        0.75

    Reference:
        Kendall, Gal and Cipolla, Multi-task learning using uncertainty to weigh losses, CVPR 2018,
        equation 10 with s = log(sigma squared).
    """

    def __init__(self, tasks: Sequence[str], **kwargs: Any):
        super().__init__(**kwargs)
        self.tasks = list(tasks)

    def build(self, input_shape: Any = None) -> None:
        self.log_variances = self.add_weight(
            shape=(len(self.tasks),), initializer="zeros", name="log_variances"
        )
        self.built = True

    def call(self, losses: Mapping[str, Any], present: Mapping[str, Any] | None = None) -> Any:
        unknown = set(losses) ^ set(self.tasks)
        if unknown:
            raise ValueError(f"losses of {sorted(losses)} given, weights are of {self.tasks}")
        values = ops.stack([ops.cast(losses[task], self.compute_dtype) for task in self.tasks])
        log_variances = ops.convert_to_tensor(self.log_variances)
        terms = ops.exp(-log_variances) * values + log_variances / 2
        if present is not None:
            counted = ops.stack([ops.cast(present[t], self.compute_dtype) for t in self.tasks])
            terms = terms * counted
        return ops.sum(terms)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "tasks": self.tasks}
