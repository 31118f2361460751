"""Options of DIN, DCN-V2 and PLE in one model."""

from typing import Literal

from infnet_keras.spec.models.histories.target_attention_options import TargetAttentionOptions
from infnet_keras.spec.models.interactions.low_rank_cross_options import LowRankCrossOptions
from infnet_keras.spec.models.multi_task.extraction_options import ExtractionOptions


class DINDCNv2PLEOptions(TargetAttentionOptions, LowRankCrossOptions, ExtractionOptions):
    """Options of DIN, DCN-V2 and PLE in one: target attention, cross layers, levels of experts."""

    type: Literal["din_dcnv2_ple"]
    """Which model."""
