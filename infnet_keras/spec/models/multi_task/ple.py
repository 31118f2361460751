"""PLE's options."""

from typing import Literal

from pydantic import Field, PositiveInt

from infnet_keras.spec.models.model_options import ModelOptions, Widths


class PLEOptions(ModelOptions):
    """Options of PLE: levels of experts, some of one task alone and some that all share."""

    type: Literal["ple"]
    """Which model."""
    levels: PositiveInt = 2
    """Number of levels; one is the paper's CGC."""
    task_experts: PositiveInt = 2
    """Experts of each task, on each level."""
    shared_experts: PositiveInt = 2
    """Experts that all tasks share, on each level."""
    expert_hidden: Widths = Field(default_factory=lambda: [128], min_length=1)
    """Widths of each expert's layers."""
