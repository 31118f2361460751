"""Options of models with PLE's levels of experts."""

from pydantic import Field, PositiveInt

from infnet_keras.spec.models.model_options import ModelOptions, Widths


class ExtractionOptions(ModelOptions):
    """Options of a model with levels of experts, some of one task alone and some of all."""

    levels: PositiveInt = 2
    """Number of levels; one is the paper's CGC."""
    task_experts: PositiveInt = 2
    """Experts of each task, on each level."""
    shared_experts: PositiveInt = 2
    """Experts that all tasks share, on each level."""
    expert_hidden: Widths = Field(default_factory=lambda: [128], min_length=1)
    """Widths of each expert's layers."""
