"""Task tokens T and the shared task tokens T~."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="infnet_keras")
class TaskTokens(keras.layers.Layer):
    """Learnable vectors, one per task, and some shared by all tasks, given to every example.

    Args:
        num_tasks: rows of T.
        num_shared: rows of T~.
        dim: width of a token.
        **kwargs: of `keras.layers.Layer`.

    Call:
        inputs: any tensor [batch, ...]; only its batch size is read.
        Returns T float [batch, num_tasks, dim] and T~ float [batch, num_shared, dim].

    Example:
        >>> tasks, shared = TaskTokens(3, 2, dim=8)(np.zeros((5, 1)))
        >>> tasks.shape, shared.shape
        ((5, 3, 8), (5, 2, 8))

    Reference:
        arXiv 2508.11565, section on tokens and proxies (task).
    """

    def __init__(self, num_tasks: int, num_shared: int = 2, dim: int = 32, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_tasks = num_tasks
        self.num_shared = num_shared
        self.dim = dim

    def build(self, input_shape: Any) -> None:
        self.tasks = self.add_weight(
            shape=(self.num_tasks, self.dim), initializer="random_normal", name="tasks"
        )
        self.shared = self.add_weight(
            shape=(self.num_shared, self.dim), initializer="random_normal", name="shared"
        )

    def call(self, inputs: Any) -> tuple[Any, Any]:
        batch = ops.shape(inputs)[0]
        return (
            ops.broadcast_to(ops.expand_dims(self.tasks, 0), (batch, self.num_tasks, self.dim)),
            ops.broadcast_to(ops.expand_dims(self.shared, 0), (batch, self.num_shared, self.dim)),
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_tasks": self.num_tasks,
            "num_shared": self.num_shared,
            "dim": self.dim,
        }
