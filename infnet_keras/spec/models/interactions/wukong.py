"""WuKong's options."""

from typing import Literal

from pydantic import Field, PositiveInt

from infnet_keras.spec.models.model_options import ModelOptions, Widths


class WuKongOptions(ModelOptions):
    """Options of WuKong: a stack of factorization machine blocks."""

    type: Literal["wukong"]
    """Which model."""
    layers: PositiveInt = 3
    """Layers of the stack; each doubles the degree of the interactions."""
    fm_vectors: PositiveInt = 16
    """Vectors that a layer's factorization machine block gives."""
    linear_vectors: PositiveInt = 16
    """Vectors that a layer's linear compression gives."""
    rank: PositiveInt = 16
    """Columns that stand for all the vectors that a vector is multiplied with."""
    fm_hidden: Widths = Field(default_factory=lambda: [128])
    """Hidden widths of the network in a factorization machine block."""
