"""What the options of every model hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, PositiveInt

from infnet_keras.spec.base import Block
from infnet_keras.spec.lookup_group import LookupGroup

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec
    from infnet_keras.spec.token_positions import Position

Widths = list[PositiveInt]


class ModelOptions(Block):
    """The options that every model has; they stay when `type` changes.

    A model's class adds `type`, a Literal of its name, and options of its own.
    """

    dim: PositiveInt | None = None
    """Width of an embedding; null: defaults.dim."""
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Dropout in the model's hidden layers and in the towers."""
    tower_hidden: Widths = Field(default_factory=lambda: [64, 32])
    """Hidden widths of each task's tower."""

    def check(self, spec: FeatureSpec) -> None:
        """Raise SpecProblem where the options contradict the rest of the spec."""

    def lookup_groups(self, spec: FeatureSpec) -> list[LookupGroup]:
        """The sets of tables that the model wants; every table at its width, projected."""
        return [LookupGroup()]

    def positions(self, spec: FeatureSpec) -> list[Position]:
        """The tokens that the tasks' attention is over, in order; none without attention."""
        return []

    def describe(self, spec: FeatureSpec) -> list[str]:
        """Lines for `infnet spec check` that say what the model makes of the spec."""
        return []
