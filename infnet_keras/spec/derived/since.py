"""How long ago something was at the impression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.derived.derivation import Derivation, check_clock, check_sequence
from infnet_keras.spec.document import KeyPath
from infnet_keras.spec.time_spelling import TimeSpelling

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


class DaysSince(TimeSpelling, Derivation):
    """Whole days from the date in `column` to the impression.

    Without `unit` and `format` a text starts with its date (2024-01-31, 2024/01/31 or 20240131,
    more may follow, but no further digit); an instant with an offset from UTC counts by its local
    date.
    """

    column: str
    """The column that holds the date."""

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    @property
    def dates(self) -> tuple[str, ...]:
        return self.columns

    @property
    def reads_time(self) -> bool:
        return True

    def describe(self) -> str:
        return f"days since {self.column}"

    def check(self, spec: FeatureSpec, field: str, path: KeyPath) -> None:
        check_clock(spec, path)


class SecondsSince(Derivation):
    """Seconds from the user's latest event of kind `sequence` to the impression.

    Missing without one, or where only events without a time came before. The event is strictly
    earlier than the impression, wherever the sequence's own `until` ends its history.
    """

    sequence: str
    """The behaviour whose latest event is looked for."""

    @property
    def sequences(self) -> tuple[str, ...]:
        return (self.sequence,)

    @property
    def is_sent(self) -> bool:
        return True

    def describe(self) -> str:
        return f"seconds since {self.sequence}"

    def check(self, spec: FeatureSpec, field: str, path: KeyPath) -> None:
        check_sequence(spec, (*path, "sequence"), self.sequence)
        check_clock(spec, path)
        if spec.fields[field].side != "user":
            raise SpecProblem(
                ("fields", field, "side"), "the time since a user's event is of side user"
            )
