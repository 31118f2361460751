"""AITM's options."""

from typing import Literal

from pydantic import Field, NonNegativeFloat

from infnet_keras.spec.models.model_options import Widths
from infnet_keras.spec.models.multi_task.task_order import ChainedModelOptions


class AITMOptions(ChainedModelOptions):
    """Options of AITM: a chain of tasks, each of which hands on what it knows to the next one."""

    type: Literal["aitm"]
    """Which model."""
    bottom_hidden: Widths = Field(default_factory=lambda: [128, 64, 32], min_length=1)
    """Widths of each task's network below the chain."""
    calibrator_weight: NonNegativeFloat = 0.6
    """Weight of the loss on a task that is more probable than the one before; 0 leaves it out."""
