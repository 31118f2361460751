"""DCN-V2's options."""

from typing import Literal

from pydantic import Field, PositiveInt

from infnet_keras.spec.models.model_options import ModelOptions, Widths


class DCNv2Options(ModelOptions):
    """Options of DCN-V2: cross layers of low-rank experts, a deep network on them."""

    type: Literal["dcnv2"]
    """Which model."""
    cross_layers: PositiveInt = 3
    """Cross layers; each raises the degree of the interactions by one."""
    experts: PositiveInt = 4
    """Experts of a cross layer."""
    rank: PositiveInt = 64
    """Width that an expert projects all embeddings to."""
    cross_activation: Literal["tanh", "relu", "linear"] = "tanh"
    """What stands between an expert's maps."""
    deep_hidden: Widths = Field(default_factory=lambda: [256, 128], min_length=1)
    """Widths of the deep network's layers."""
