"""Tasks: what is predicted."""

from pydantic import NonNegativeFloat

from infnet_keras.spec.base import Block


class Task(Block):
    """One binary label of the log; rows outside `mask` leave its loss and its metrics."""

    label: str
    weight: NonNegativeFloat = 1.0
    mask: str | None = None
