"""Tasks: what is predicted."""

from typing import Literal

from pydantic import NonNegativeFloat

from infnet_keras.spec.base import Block


class Task(Block):
    """One binary label of the log; rows outside `mask` leave its loss and its metrics."""

    label: str
    """The column that holds 0 or 1."""
    kind: Literal["binary"] = "binary"
    """What is predicted: the probability that the label is 1."""
    weight: NonNegativeFloat = 1.0
    """Factor of its loss."""
    mask: str | None = None
    """Which impressions count: comparisons joined by and, or, not; without it all."""
