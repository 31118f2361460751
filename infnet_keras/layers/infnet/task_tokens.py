"""Task tokens T and the shared task tokens T~."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="infnet_keras")
class TaskTokens(keras.layers.Layer):
    """Learnable vectors, one per task, and some shared by all tasks, given to every example.

    Args:
        num_tasks: rows of T.
        num_shared: rows of T~; 0 makes none.
        dim: width of a token.
        scale: standard deviation that the vectors start with. Small ones let every query attend
            alike, and what they then hold is the same for all tasks.
        one_vector: all rows are one and the same trainable vector (the paper's ablation w/o1).
        **kwargs: of `keras.layers.Layer`.

    Call:
        inputs: any tensor [batch, ...]; only its batch size is read.
        Returns T float [batch, num_tasks, dim] and T~ float [batch, num_shared, dim], or None.

    Example:
        >>> tasks, shared = TaskTokens(3, 2, dim=8)(np.zeros((5, 1)))
        >>> tasks.shape, shared.shape
        ((5, 3, 8), (5, 2, 8))

    Reference:
        arXiv 2508.11565, section on tokens and proxies (task).
    """

    def __init__(
        self,
        num_tasks: int,
        num_shared: int = 2,
        dim: int = 32,
        scale: float = 1.0,
        one_vector: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_tasks = num_tasks
        self.num_shared = num_shared
        self.dim = dim
        self.scale = scale
        self.one_vector = one_vector

    def build(self, input_shape: Any) -> None:
        def vectors(rows: int, name: str) -> Any:
            # A seed of its own: two draws of one initialiser would be equal.
            initializer = keras.initializers.RandomNormal(stddev=self.scale)
            return self.add_weight(shape=(rows, self.dim), initializer=initializer, name=name)

        if self.one_vector:
            self.vector = vectors(1, "vector")
            return
        self.tasks = vectors(self.num_tasks, "tasks")
        if self.num_shared:
            self.shared = vectors(self.num_shared, "shared")

    def call(self, inputs: Any) -> tuple[Any, Any]:
        batch = ops.shape(inputs)[0]

        def of_every_example(name: str, rows: int) -> Any:
            if not rows:
                return None
            vectors = self.vector if self.one_vector else getattr(self, name)
            return ops.broadcast_to(ops.expand_dims(vectors, 0), (batch, rows, self.dim))

        return of_every_example("tasks", self.num_tasks), of_every_example(
            "shared", self.num_shared
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_tasks": self.num_tasks,
            "num_shared": self.num_shared,
            "dim": self.dim,
            "scale": self.scale,
            "one_vector": self.one_vector,
        }
