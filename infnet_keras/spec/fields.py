"""Categorical fields: one token each."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from infnet_keras.spec.base import Block
from infnet_keras.spec.tables import Table, TableKeys
from infnet_keras.spec.time_spelling import TimeSpelling

Side = Literal["user", "item", "context"]
Until = Literal["now", "day"]


class DaysSince(TimeSpelling):
    """Whole days from the date in `column` to the impression.

    Without `unit` and `format` a text starts with its date (2024-01-31, 2024/01/31 or 20240131,
    more may follow, but no further digit); an instant with an offset from UTC counts by its local
    date.
    """

    column: str
    """The column that holds the date."""


class HistoryCount(Block):
    """How many earlier behaviours of this kind there are; not cut at the sequence's length.

    The user's, or with `by` everybody's that share a value of that column with the impression:
    `by: item_id` counts what users did with the item. `until: day` counts what happened before the
    impression's own day, so that a growing count cannot order a user's impressions within a day.

    With `same` it crosses the candidate with the history that the model reads: of the latest
    `length` events of the sequence, those that share the candidate's value of that attribute.
    """

    sequence: str
    """The behaviour that is counted."""
    by: str | None = None
    """The column whose value is shared, the user's key unless told otherwise."""
    same: str | None = None
    """Count only steps of the cut history that have the candidate's value of this attribute."""
    until: Until = "now"
    """Count up to the impression (now) or up to the start of its day."""


class HistoryRate(Block):
    """Earlier behaviours of kind `sequence` over those of kind `of`.

    (count + strength * prior) / (count of + strength); missing where that divides by zero.
    """

    sequence: str
    """The behaviour above the line."""
    of: str
    """The behaviour below the line."""
    by: str | None = None
    """The column whose value is shared, the user's key unless told otherwise."""
    same: str | None = None
    """Count only steps of the cut history that have the candidate's value of this attribute."""
    until: Until = "now"
    """Count up to the impression (now) or up to the start of its day."""
    prior: NonNegativeFloat = 0.0
    """The rate without a history."""
    strength: NonNegativeFloat = 0.0
    """How many behaviours the prior is worth."""


class SecondsSince(Block):
    """Seconds from the user's latest event of kind `sequence` to the impression.

    Missing without one, or where only events without a time came before. The event is strictly
    earlier than the impression, wherever the sequence's own `until` ends its history.
    """

    sequence: str
    """The behaviour whose latest event is looked for."""


class Derive(Block):
    """A value computed from time or history instead of read from a column: exactly one of these."""

    days_since: DaysSince | None = None
    """Whole days from a date column to the impression."""
    history_count: HistoryCount | None = None
    """Number of earlier behaviours of one kind."""
    history_rate: HistoryRate | None = None
    """Number of earlier behaviours of one kind over that of another."""
    seconds_since: SecondsSince | None = None
    """Seconds from the latest behaviour of one kind to the impression."""

    @model_validator(mode="after")
    def _one(self) -> "Derive":
        kinds = list(type(self).model_fields)
        if sum(getattr(self, kind) is not None for kind in kinds) != 1:
            raise ValueError(f"give exactly one of {', '.join(kinds)}")
        return self


class CategoricalField(TableKeys):
    """One categorical token: a column (or a derived value), its side and its table.

    `table` names a shared table; without it the field declares a table of its own with the keys
    of a table (vocabulary, hash, identity, quantiles, boundaries, oov, missing, size, dim).
    """

    side: Side
    """Who owns the value: user and context are sent once per request, item once per candidate."""
    column: str | None = None
    """The column it reads, where that is not the field's name."""
    table: str | None = None
    """The shared table that embeds it; without it the field has a table of its own."""
    multivalue: str | None = Field(default=None, min_length=1)
    """The separator of a column that holds several values."""
    pooling: Literal["mean", "sum"] = "mean"
    """How the embeddings of several values become one."""
    max_values: PositiveInt = 8
    """Of several values, the first so many count."""
    derive: Literal["hour_of_day", "day_of_week"] | Derive | None = None
    """Compute the value from time or history instead of reading a column."""

    @model_validator(mode="after")
    def _consistent(self) -> "CategoricalField":
        own = [*self.kinds, *self._table_options()]
        if isinstance(self.derive, str):
            unwanted = [key for key in own if key != "dim"]
            if self.table is not None:
                unwanted.append("table")
            if unwanted:
                raise ValueError(
                    f"{self.derive} has a table of its own, one row a value: "
                    f"drop {_quoted(unwanted)}"
                )
        elif self.table is not None:
            if own:
                raise ValueError(
                    f"the shared table {self.table!r} already says how values become rows: "
                    f"drop either `table` or {_quoted(own)}"
                )
        else:
            self._check_table()
        if self.derive is not None:
            if self.multivalue is not None:
                raise ValueError("a derived field has one value: drop `multivalue`")
            if self.column is not None:
                raise ValueError("a derived field reads no column of its own: drop `column`")
        if self.multivalue is None and (self.pooling != "mean" or self.max_values != 8):
            raise ValueError(
                "`pooling` and `max_values` are for several values: give their separator in "
                "`multivalue`, or drop them"
            )
        return self

    @property
    def history(self) -> HistoryCount | HistoryRate | None:
        """What a field that counts a history says; None for any other field."""
        if not isinstance(self.derive, Derive):
            return None
        return self.derive.history_count or self.derive.history_rate

    @property
    def crossed(self) -> HistoryCount | HistoryRate | None:
        """What a field says that counts what the history shares with the candidate; else None."""
        return None if self.history is None or self.history.same is None else self.history

    @property
    def is_sent(self) -> bool:
        """Whether a request holds the derived number itself, under the field's name."""
        if isinstance(self.derive, Derive) and self.derive.seconds_since is not None:
            return True
        return self.history is not None and self.crossed is None

    @property
    def shared_history(self) -> str | None:
        """The column by which a history over all users is counted."""
        return None if self.history is None else self.history.by

    def _table_options(self) -> list[str]:
        """The options of a table that differ from their defaults."""
        options = ("oov", "missing", "size", "dim")
        return [o for o in options if getattr(self, o) != TableKeys.model_fields[o].default]

    def own_table(self) -> Table:
        """The table that this field declares for itself."""
        if self.derive == "hour_of_day":
            return Table(identity=24, dim=self.dim)
        if self.derive == "day_of_week":
            return Table(identity=7, dim=self.dim)
        return Table(**{key: getattr(self, key) for key in Table.model_fields})


def _quoted(keys: list[str]) -> str:
    return " and ".join(f"`{key}`" for key in keys)
