"""What the places along an axis of a weight stand for."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class NamedAxis(NamedTuple):
    """An axis of a weight that holds a part for each task, field or sequence, in order.

    Attributes:
        weight: the Keras variable.
        axis: which of its axes.
        names: of the parts; they have one size.

    Example:
        >>> weight = keras.Variable(np.zeros((6, 4)))
        >>> NamedAxis(weight, 0, ["item", "user"]).size
        3
    """

    weight: Any
    axis: int
    names: Sequence[str]

    @property
    def size(self) -> int:
        """Places of one part."""
        return int(self.weight.shape[self.axis]) // len(self.names)
