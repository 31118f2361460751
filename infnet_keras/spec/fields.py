"""Categorical fields: one token each."""

from typing import Literal

from pydantic import PositiveInt, model_validator

from infnet_keras.spec.base import Block
from infnet_keras.spec.tables import KINDS, Table, Vocabulary

Side = Literal["user", "item", "context"]
Until = Literal["now", "day"]


class DaysSince(Block):
    """Whole days from the date in `column` (YYYY-MM-DD, more may follow) to the impression."""

    column: str


class HistoryCount(Block):
    """How many earlier behaviours of this kind the user has; not cut at the sequence's length.

    `until: day` counts what happened before the impression's own day, so that a growing count
    cannot order a user's impressions within a day.
    """

    sequence: str
    until: Until = "now"


class HistoryRate(Block):
    """Earlier behaviours of kind `sequence` over those of kind `of`.

    (count + strength * prior) / (count of + strength); missing where that divides by zero.
    """

    sequence: str
    of: str
    until: Until = "now"
    prior: float = 0.0
    strength: float = 0.0


class Derive(Block):
    """A value computed from time or history instead of read from a column: exactly one of these."""

    days_since: DaysSince | None = None
    history_count: HistoryCount | None = None
    history_rate: HistoryRate | None = None

    @model_validator(mode="after")
    def _one(self) -> "Derive":
        if sum(v is not None for v in (self.days_since, self.history_count, self.history_rate)) != 1:
            raise ValueError("give exactly one of days_since, history_count, history_rate")
        return self


class CategoricalField(Block):
    """One categorical token: a column (or a derived value), its side and its table.

    `table` names a shared table; without it the field declares a table of its own with the keys
    of a table (vocabulary, hash, identity, quantiles, boundaries, oov, missing, size, dim).
    """

    side: Side
    column: str | None = None
    table: str | None = None
    multivalue: str | None = None
    pooling: Literal["mean", "sum"] = "mean"
    max_values: PositiveInt = 8
    derive: Literal["hour_of_day", "day_of_week"] | Derive | None = None
    vocabulary: Vocabulary | None = None
    hash: PositiveInt | None = None
    identity: PositiveInt | None = None
    quantiles: int | None = None
    boundaries: list[float] | None = None
    oov: PositiveInt = 1
    missing: Literal["oov", "own"] = "oov"
    size: PositiveInt | None = None
    dim: PositiveInt | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "CategoricalField":
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if isinstance(self.derive, str):
            if kinds or self.table:
                raise ValueError(f"derive: {self.derive} has its own rows; drop {', '.join(kinds)}")
        elif self.table is not None:
            if kinds:
                raise ValueError(f"give either `table` or {kinds[0]}, not both")
        else:
            self.own_table()
        if self.derive is not None:
            if self.multivalue is not None:
                raise ValueError("a derived field has one value: drop `multivalue`")
            if self.column is not None:
                raise ValueError("a derived field reads no column of its own: drop `column`")
        return self

    def own_table(self) -> Table:
        """The table that this field declares for itself."""
        if self.derive == "hour_of_day":
            return Table(identity=24, dim=self.dim)
        if self.derive == "day_of_week":
            return Table(identity=7, dim=self.dim)
        return Table(**{key: getattr(self, key) for key in Table.model_fields})
