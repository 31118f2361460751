"""DCN-V2's options."""

from typing import Literal

from infnet_keras.spec.models.interactions.cross_model_options import CrossModelOptions
from infnet_keras.spec.models.interactions.low_rank_cross_options import LowRankCrossOptions


class DCNv2Options(LowRankCrossOptions, CrossModelOptions):
    """Options of DCN-V2: cross layers of low-rank experts, a deep network on them."""

    type: Literal["dcnv2"]
    """Which model."""
