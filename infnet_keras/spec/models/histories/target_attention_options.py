"""Options of models with target attention."""

from typing import Literal

from pydantic import Field

from infnet_keras.spec.models.model_options import ModelOptions, Widths


class TargetAttentionOptions(ModelOptions):
    """Options of a model whose candidates weigh the steps of the histories."""

    attention_hidden: Widths = Field(default_factory=lambda: [36], min_length=1)
    """Hidden widths of the network that scores a step for a candidate."""
    attention: Literal["raw", "softmax"] = "raw"
    """Whether a step's score is its weight, as in the paper, or goes through a softmax."""
