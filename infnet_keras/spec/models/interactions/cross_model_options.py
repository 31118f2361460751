"""Options of models of cross layers."""

from pydantic import Field

from infnet_keras.spec.models.model_options import ModelOptions, Widths


class CrossModelOptions(ModelOptions):
    """Options of a model with a deep network on cross layers."""

    deep_hidden: Widths = Field(default_factory=lambda: [256, 128], min_length=1)
    """Widths of the deep network's layers."""
