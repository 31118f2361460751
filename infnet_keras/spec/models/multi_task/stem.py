"""STEM's options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, PositiveInt

from infnet_keras.served_names import served_names
from infnet_keras.spec.lookup_group import LookupGroup
from infnet_keras.spec.models.model_options import ModelOptions, Widths

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


class STEMOptions(ModelOptions):
    """Options of STEM: every table once for all tasks, and once more for each of them."""

    type: Literal["stem"]
    """Which model."""
    task_experts: PositiveInt = 1
    """Experts of each task."""
    shared_experts: PositiveInt = 8
    """Experts of the shared embeddings."""
    expert_hidden: Widths = Field(default_factory=lambda: [128, 64], min_length=1)
    """Widths of each expert's layers."""

    def lookup_groups(self, spec: FeatureSpec) -> list[LookupGroup]:
        """The shared tables, then those of each task."""
        return [*super().lookup_groups(spec), *map(LookupGroup, self.task_groups(spec))]

    def task_groups(self, spec: FeatureSpec) -> list[str]:
        """The name of each task's lookup group; a task may have any name, a group may not."""
        return [f"{name}_embeddings" for name in served_names(spec.tasks).values()]
