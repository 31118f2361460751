"""HSTU's options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import PositiveInt

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.models.model_options import ModelOptions
from infnet_keras.spec.nearest import nearest

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


class HSTUOptions(ModelOptions):
    """Options of HSTU: one history in time order, the candidate at its end."""

    type: Literal["hstu"]
    """Which model."""
    blocks: PositiveInt = 2
    """HSTU layers."""
    num_heads: PositiveInt = 1
    """Attention heads; the token width is split between them."""
    history: str | None = None
    """The behaviour that is the history; null: the first of every event, without `when`, else the
    first there is. The others' means are tokens before it."""

    def check(self, spec: FeatureSpec) -> None:
        super().check(spec)
        if spec.dim % self.num_heads:
            raise SpecProblem(
                ("model", "num_heads"),
                f"the token width {spec.dim} cannot be split between {self.num_heads} heads",
            )
        names = _behaviours(spec)
        if self.history is not None and self.history not in names:
            raise SpecProblem(
                ("model", "history"),
                f"there is no behaviour {self.history!r} with attributes; "
                f"{nearest(self.history, names)}",
            )

    def history_of(self, spec: FeatureSpec) -> str | None:
        """Name of the behaviour that is the history; None where the spec has none."""
        names = _behaviours(spec)
        every = [name for name in names if spec.sequences[name].when is None]
        return self.history or next(iter([*every, *names]), None)


def _behaviours(spec: FeatureSpec) -> list[str]:
    return [name for name, sequence in spec.sequences.items() if sequence.attributes]
