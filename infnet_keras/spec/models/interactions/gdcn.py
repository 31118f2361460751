"""GDCN's options."""

from typing import Literal

from pydantic import Field, PositiveInt

from infnet_keras.spec.models.model_options import ModelOptions, Widths


class GDCNOptions(ModelOptions):
    """Options of GDCN: gated cross layers, a deep network on them."""

    type: Literal["gdcn"]
    """Which model."""
    cross_layers: PositiveInt = 3
    """Gated cross layers; each raises the degree of the interactions by one."""
    deep_hidden: Widths = Field(default_factory=lambda: [256, 128], min_length=1)
    """Widths of the deep network's layers."""
