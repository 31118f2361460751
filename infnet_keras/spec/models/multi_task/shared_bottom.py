"""Shared-Bottom's options."""

from typing import Literal

from pydantic import Field

from infnet_keras.spec.models.model_options import ModelOptions, Widths


class SharedBottomOptions(ModelOptions):
    """Options of Shared-Bottom: one network over all embeddings, a tower per task on it."""

    type: Literal["shared_bottom"]
    """Which model."""
    bottom_hidden: Widths = Field(default_factory=lambda: [256, 128], min_length=1)
    """Widths of the shared network's layers."""
