"""OMoE's options."""

from typing import Literal

from pydantic import Field

from infnet_keras.spec.models.model_options import ModelOptions, Widths


class OMoEOptions(ModelOptions):
    """Options of OMoE: experts that all tasks share, weighed by one gate for all of them."""

    type: Literal["omoe"]
    """Which model."""
    experts: int = Field(default=8, ge=2)
    """Number of experts."""
    expert_hidden: Widths = Field(default_factory=lambda: [128, 64], min_length=1)
    """Widths of each expert's layers."""
