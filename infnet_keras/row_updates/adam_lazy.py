"""Adam whose moments move only when their row is read."""

from typing import Any

from keras import ops


class AdamLazy:
    """Adam on the rows that a step reads; the moments of all others stay as they are.

    m' = b1 m + (1 - b1) g, v' = b2 v + (1 - b2) g^2,
    row' = row - rate * sqrt(1 - b2^step) / (1 - b1^step) * m' / (sqrt(v') + epsilon)

    `step` counts the steps of training, not those of the row. Where every step reads a row, this is
    Adam.

    Args:
        beta_1: how much of the mean gradient is kept from step to step.
        beta_2: the same of the mean squared gradient.
        epsilon: keeps the division finite.

    Example:
        >>> zeros = {name: keras.ops.zeros((1, 2)) for name in ("mean", "square")}
        >>> change, _ = AdamLazy().changes(zeros, keras.ops.array([[3.0, -3.0]]), rate=0.1, step=1)
        >>> keras.ops.convert_to_numpy(change).astype(float).round(4).tolist()
        [[-0.1, 0.1]]

    Reference:
        Kingma and Ba, arXiv 1412.6980; lazy as TensorFlow's LazyAdam and PyTorch's SparseAdam.
    """

    def __init__(self, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7) -> None:
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slots(self, width: int) -> dict[str, int]:
        """Two numbers for each number of a row."""
        return {"mean": width, "square": width}

    def changes(
        self, slots: dict[str, Any], gradients: Any, rate: Any, step: Any
    ) -> tuple[Any, dict[str, Any]]:
        """See `RowRule.changes`."""
        mean = slots["mean"] + (1.0 - self.beta_1) * (gradients - slots["mean"])
        square = slots["square"] + (1.0 - self.beta_2) * (ops.square(gradients) - slots["square"])
        step = ops.cast(step, gradients.dtype)
        rate = rate * ops.sqrt(1.0 - self.beta_2**step) / (1.0 - self.beta_1**step)
        size = ops.sqrt(square) + self.epsilon
        return -rate * mean / size, {"mean": mean, "square": square}
