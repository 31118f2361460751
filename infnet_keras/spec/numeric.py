"""A field that enters a model as a number."""

from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from infnet_keras.spec.base import Block


class Numeric(Block):
    """The value itself, standardised and projected to a token, instead of a row of a table.

    A value becomes its distance from the mean of the training impressions, in standard deviations.
    """

    transform: Literal["standard", "log"] = "standard"
    """Standardise the value as it is, or sign(x) * log(1 + |x|) of it: for numbers of which a few
    are many times the others."""
    clip: float = Field(default=10.0, gt=0.0)
    """A value further than so many standard deviations from the mean counts as that far."""
    embedding: Literal["linear", "periodic"] = "linear"
    """The token of x: v * x + b (AutoInt), or W [sin, cos](2 pi c x) + b with learned frequencies c
    (Gorishniy et al. 2022), which may bend."""
    frequencies: PositiveInt = 16
    """How many frequencies a periodic embedding has."""
    frequency_scale: float = Field(default=0.1, gt=0.0)
    """The standard deviation that the frequencies start with: small ones make a smooth token."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.embedding == "linear":
            for key in ("frequencies", "frequency_scale"):
                if getattr(self, key) != Numeric.model_fields[key].default:
                    raise ValueError(
                        f"a linear embedding has no frequencies: drop `{key}`, or say "
                        "`embedding: periodic`"
                    )
        return self
