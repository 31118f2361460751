"""GDCN's options."""

from typing import Literal

from pydantic import PositiveInt

from infnet_keras.spec.models.interactions.cross_model_options import CrossModelOptions


class GDCNOptions(CrossModelOptions):
    """Options of GDCN: gated cross layers, a deep network on them."""

    type: Literal["gdcn"]
    """Which model."""
    cross_layers: PositiveInt = 3
    """Gated cross layers; each raises the degree of the interactions by one."""
