"""Options of models whose candidates look at a history."""

from pydantic import Field

from infnet_keras.spec.models.model_options import ModelOptions, Widths


class TargetModelOptions(ModelOptions):
    """Options of a model in which the candidate is compared with each step of a history."""

    deep_hidden: Widths = Field(default_factory=lambda: [200, 80], min_length=1)
    """Widths of the network over the fields and what was read of each history."""
