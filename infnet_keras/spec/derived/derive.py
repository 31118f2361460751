"""The derived kinds that take arguments."""

from pydantic import model_validator

from infnet_keras.spec.base import Block
from infnet_keras.spec.derived.history import HistoryCount, HistoryRate
from infnet_keras.spec.derived.since import DaysSince, SecondsSince


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

    @property
    def kind(self) -> str:
        """Which of them is given."""
        return next(kind for kind in type(self).model_fields if getattr(self, kind) is not None)
