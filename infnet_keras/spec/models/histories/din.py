"""DIN's options."""

from typing import Literal

from infnet_keras.spec.models.histories.target_attention_options import TargetAttentionOptions
from infnet_keras.spec.models.histories.target_model_options import TargetModelOptions


class DINOptions(TargetAttentionOptions, TargetModelOptions):
    """Options of DIN: each candidate weighs the steps of the histories."""

    type: Literal["din"]
    """Which model."""
