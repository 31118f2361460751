"""DIN's options."""

from typing import Literal

from pydantic import Field

from infnet_keras.spec.models.histories.target_model_options import TargetModelOptions
from infnet_keras.spec.models.model_options import Widths


class DINOptions(TargetModelOptions):
    """Options of DIN: each candidate weighs the steps of the histories."""

    type: Literal["din"]
    """Which model."""
    attention_hidden: Widths = Field(default_factory=lambda: [36], min_length=1)
    """Hidden widths of the network that scores a step for a candidate."""
    attention: Literal["raw", "softmax"] = "raw"
    """Whether a step's score is its weight, as in the paper, or goes through a softmax."""
