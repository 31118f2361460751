"""Adagrad with one number of memory for each row."""

from typing import Any

from keras import ops


class AdagradRowwise:
    """Each row has one accumulator a, the sum of its mean squared gradients so far:

    a' = a + mean(g^2), row' = row - rate * g / (sqrt(a') + epsilon)

    A row's first step has the size of the rate whatever the scale of its gradient, as Adam's has;
    later ones shrink with what the row has seen.

    Args:
        epsilon: keeps the division finite.

    Example:
        >>> change, slots = AdagradRowwise().changes(
        ...     {"accumulator": keras.ops.zeros((1, 1))}, keras.ops.array([[3.0, 3.0]]), 0.1, step=1
        ... )
        >>> keras.ops.convert_to_numpy(change).astype(float).round(4).tolist()
        [[-0.1, -0.1]]
        >>> keras.ops.convert_to_numpy(slots["accumulator"]).tolist()
        [[9.0]]

    Reference:
        Duchi et al., Adaptive subgradient methods, JMLR 12 (2011); one accumulator a row as in
        DLRM, arXiv 1906.00091.
    """

    def __init__(self, epsilon: float = 1e-8) -> None:
        self.epsilon = epsilon

    def slots(self, width: int) -> dict[str, int]:
        """One number a row."""
        return {"accumulator": 1}

    def changes(
        self, slots: dict[str, Any], gradients: Any, rate: Any, step: Any
    ) -> tuple[Any, dict[str, Any]]:
        """See `RowRule.changes`."""
        squares = ops.mean(ops.square(gradients), axis=-1, keepdims=True)
        accumulator = slots["accumulator"] + squares
        size = ops.sqrt(accumulator) + self.epsilon
        return -rate * gradients / size, {"accumulator": accumulator}
