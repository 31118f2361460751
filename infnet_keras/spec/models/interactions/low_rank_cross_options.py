"""Options of models with DCN-V2's cross layers."""

from typing import Literal

from pydantic import PositiveInt

from infnet_keras.spec.models.model_options import ModelOptions


class LowRankCrossOptions(ModelOptions):
    """Options of a model with cross layers, each a mixture of experts of low rank."""

    cross_layers: PositiveInt = 3
    """Cross layers; each raises the degree of the interactions by one."""
    experts: PositiveInt = 4
    """Experts of a cross layer."""
    rank: PositiveInt = 64
    """Width that an expert projects all embeddings to."""
    cross_activation: Literal["tanh", "relu", "linear"] = "tanh"
    """What stands between an expert's maps."""
