"""AITM's options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, NonNegativeFloat

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.models.model_options import Widths
from infnet_keras.spec.models.multi_task.task_order import ChainedModelOptions

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


class AITMOptions(ChainedModelOptions):
    """Options of AITM: a chain of tasks, each of which hands on what it knows to the next one."""

    type: Literal["aitm"]
    """Which model."""
    bottom_hidden: Widths = Field(default_factory=lambda: [128, 64, 32], min_length=1)
    """Widths of each task's network below the chain."""
    calibrator_weight: NonNegativeFloat = 0.6
    """Weight of the loss on a task that is more probable than the one before; 0 leaves it out,
    which a regression among the tasks asks for."""

    def check(self, spec: FeatureSpec) -> None:
        super().check(spec)
        numbers = [name for name, task in spec.tasks.items() if not task.is_binary]
        if numbers and self.calibrator_weight and len(spec.tasks) > 1:
            raise SpecProblem(
                ("model", "calibrator_weight"),
                f"AITM's calibrator compares probabilities, and task {numbers[0]!r} is a "
                "regression: say `calibrator_weight: 0`, or take another model",
            )
