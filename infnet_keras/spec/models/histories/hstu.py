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
    """Options of HSTU: one history in time order, the candidate at its end.

    The behaviours with a `time_gap`, where there are several, are one history, in the order that
    their gaps say. Else one behaviour is the history.
    """

    type: Literal["hstu"]
    """Which model."""
    blocks: PositiveInt = 2
    """HSTU layers."""
    num_heads: PositiveInt = 1
    """Attention heads; the token width is split between them."""
    history: str | None = None
    """The behaviour that is the history; null: those with a `time_gap`, if there are several, else
    the first of every event, without `when`, else the first there is. The others' means are tokens
    before it."""

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

        tables = {n: spec.sequences[n].time_gap for n in self.histories_of(spec)}
        if len(set(tables.values())) > 1:
            first, other = next(iter(tables)), list(tables)[-1]
            raise SpecProblem(
                ("model", "type"),
                "hstu brings the behaviours with a `time_gap` into one order, which takes one "
                f"table for all: {first!r} has {tables[first]!r}, {other!r} {tables[other]!r}; or "
                "say `history`",
            )

    def histories_of(self, spec: FeatureSpec) -> list[str]:
        """Names of the behaviours whose steps are the history, in one order if they are several."""
        if self.history is not None:
            return [self.history]
        names = _behaviours(spec)
        timed = [name for name in names if spec.sequences[name].time_gap is not None]
        if len(timed) > 1:
            return timed
        every = [name for name in names if spec.sequences[name].when is None]
        return [*every, *names][:1]

    def describe(self, spec: FeatureSpec) -> list[str]:
        histories, names = self.histories_of(spec), _behaviours(spec)
        rest = [name for name in names if name not in histories]
        means = f"; the means of {', '.join(rest)} stand before it" if rest else ""
        if len(histories) > 1:
            return [f"history: {', '.join(histories)} in one order, by time_gap{means}"]
        if not histories:
            return ["history: none"]
        alone = " (a time_gap on several would bring them into one order)" if rest else ""
        return [f"history: {histories[0]} alone{means}{alone}"]


def _behaviours(spec: FeatureSpec) -> list[str]:
    return [name for name, sequence in spec.sequences.items() if sequence.attributes]
