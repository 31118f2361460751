"""Counts of earlier events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import NonNegativeFloat

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.derived.derivation import Derivation, check_clock, check_sequence
from infnet_keras.spec.document import KeyPath
from infnet_keras.spec.nearest import nearest

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec
    from infnet_keras.spec.sources import ColumnType

Until = Literal["now", "day"]


class HistoryCount(Derivation):
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

    @property
    def columns(self) -> tuple[str, ...]:
        return () if self.same is None else (self.same,)

    @property
    def sequences(self) -> tuple[str, ...]:
        return (self.sequence,)

    @property
    def shared_by(self) -> str | None:
        return self.by

    @property
    def is_sent(self) -> bool:
        return self.same is None

    def describe(self) -> str:
        by = "" if self.by is None else f" by {self.by}"
        same = "" if self.same is None else f" with same {self.same}"
        until = " to yesterday" if self.until == "day" else ""
        return f"{self._counted}{by}{same}{until}"

    @property
    def _counted(self) -> str:
        return f"count of {self.sequence}"

    def type_problem(self, types: Mapping[str, ColumnType]) -> str | None:
        if self.same is not None and types.get(self.same) == "float32":
            return (
                f"column {self.same!r} is float32, whose values have no spelling of their own: "
                f"declare types: {{{self.same}: int64 or string}} to ask which are the same"
            )
        return None

    def check(self, spec: FeatureSpec, field: str, path: KeyPath) -> None:
        check_sequence(spec, (*path, "sequence"), self.sequence)
        if self.same is not None:
            self._check_crossed(spec, path)
            return
        if self.until == "day":
            check_clock(spec, (*path, "until"))
        if self.by is not None:
            self._check_shared(spec, path)
        elif spec.fields[field].side != "user":
            raise SpecProblem(
                ("fields", field, "side"), "a count over the user's history is of side user"
            )

    def _check_shared(self, spec: FeatureSpec, path: KeyPath) -> None:
        """A history over all users: one per day and value, and no order within a day."""
        if self.by == spec.keys.user:
            raise SpecProblem(
                (*path, "by"), "a history is the user's unless told otherwise: drop `by`"
            )
        if self.until != "day":
            raise SpecProblem(
                path, "a history over all users ends with the day before: say until: day"
            )
        for table, columns in spec.table_columns.items():
            if columns.get(str(self.by)) is not None:
                raise SpecProblem(
                    (*path, "by"),
                    f"column {self.by!r} holds several values (see table {table!r})",
                )

    def _check_crossed(self, spec: FeatureSpec, path: KeyPath) -> None:
        """A count with `same`; that sides and separators agree is checked with all columns."""
        if self.by is not None:
            raise SpecProblem(
                (*path, "by"),
                "`same` counts within the user's own history, `by` in everybody's: drop one of "
                "them",
            )
        if self.until != "now":
            raise SpecProblem(
                (*path, "until"),
                "with `same` a count ends where the history of its sequence does: drop `until`, "
                "or give it to the sequence",
            )
        if self.same == spec.keys.user:
            raise SpecProblem(
                (*path, "same"),
                "every event of a history has the same user: this count says nothing",
            )
        for sequence in self.sequences:
            attributes = spec.sequences[sequence].attributes
            if self.same not in attributes:
                raise SpecProblem(
                    (*path, "same"),
                    f"sequence {sequence!r} has no attribute {self.same!r}; "
                    f"{nearest(str(self.same), attributes)}",
                )


class HistoryRate(HistoryCount):
    """Earlier behaviours of kind `sequence` over those of kind `of`.

    (count + strength * prior) / (count of + strength); missing where that divides by zero.
    """

    of: str
    """The behaviour below the line."""
    prior: NonNegativeFloat = 0.0
    """The rate without a history."""
    strength: NonNegativeFloat = 0.0
    """How many behaviours the prior is worth."""

    @property
    def sequences(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.sequence, self.of)))

    @property
    def _counted(self) -> str:
        return f"rate of {self.sequence} of {self.of}"

    def check(self, spec: FeatureSpec, field: str, path: KeyPath) -> None:
        check_sequence(spec, (*path, "sequence"), self.sequence)
        check_sequence(spec, (*path, "of"), self.of)
        super().check(spec, field, path)
