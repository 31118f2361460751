"""DIEN's options."""

from typing import Literal

from pydantic import NonNegativeFloat

from infnet_keras.spec.models.histories.target_model_options import TargetModelOptions


class DIENOptions(TargetModelOptions):
    """Options of DIEN: interests that evolve through each history towards the candidate."""

    type: Literal["dien"]
    """Which model."""
    auxiliary_weight: NonNegativeFloat = 1.0
    """Weight of the loss by which a state foretells the next step; 0 leaves it out."""
