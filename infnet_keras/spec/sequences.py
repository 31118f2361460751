"""Behaviour sequences: earlier events of the same user."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from infnet_keras.spec.base import Block
from infnet_keras.spec.derived.history import Until
from infnet_keras.spec.time_spelling import TimeSpelling

TIME_GAP = "time_gap"
"""What the steps of a history call, beside their attributes, the seconds up to the impression."""


class SequenceAttribute(Block):
    """One side attribute of a behaviour: the table that embeds it and how it splits.

    `multivalue` and what follows default to those of the field that reads the same column.
    """

    table: str
    """The table that embeds it."""
    multivalue: str | None = Field(default=None, min_length=1)
    """The separator of a column that holds several values."""
    pooling: Literal["mean", "sum"] | None = None
    """How the embeddings of several values become one."""
    max_values: PositiveInt | None = None
    """Of several values, the first so many count."""


class HistoryTimes(TimeSpelling):
    """A column with the times of a ready-made history, in a spelling of its own."""

    column: str
    """The column that holds them."""


class Sequence(Block):
    """The latest `length` events strictly before the impression for which `when` holds.

    `until: day` ends the history before the impression's own day. A behaviour without attributes
    has no tokens and serves history_count and history_rate alone. A behaviour with a `source` is
    made of the events of another log, by the same users, at times of their own.

    With a `column` the history is ready made: a cell of the impression lists what the user did
    before it (`N3 N8 N1`), and earlier rows of the log are not looked at. Its elements are values
    of the item's key, where that is an attribute, else of the one attribute there is; the other
    attributes are looked up by the item, in a source joined by it.
    """

    source: str | None = None
    """The log whose events these are, a source with a `time` of its own; without it the log of
    impressions."""
    length: NonNegativeInt = 0
    """How many events the history holds at most: the latest."""
    when: str | None = None
    """Which events belong to it: comparisons joined by and, or, not; without it every event."""
    until: Until = "now"
    """Whether the history ends at the impression (now) or at the start of its day."""
    attributes: dict[str, str | SequenceAttribute] = Field(default_factory=dict)
    """Columns of the events, each with the table that embeds it."""
    time_gap: str | None = None
    """A table of boundaries in seconds: each step then has an attribute `time_gap` too, the time
    from the step to the impression. HSTU brings behaviours that share it into one order."""
    column: str | None = None
    """A column of the log whose cells are ready-made histories."""
    separator: str | None = Field(default=None, min_length=1)
    """What separates the elements of a ready-made history in a text; lists need none."""
    order: Literal["oldest_first", "newest_first"] | None = None
    """The order of a ready-made history's elements, oldest_first unless told otherwise; with
    `times` it only orders equal times."""
    times: str | HistoryTimes | None = None
    """A column with the time of each element, spelt as the log's time is unless it says otherwise:
    what is not strictly before the impression is dropped and counted."""

    @property
    def step_columns(self) -> list[str]:
        """What a step holds: its attributes, then `TIME_GAP` if there is one."""
        return [*self.attributes, *([] if self.time_gap is None else [TIME_GAP])]

    @property
    def times_column(self) -> str | None:
        """The column with the times of a ready-made history's elements."""
        return self.times.column if isinstance(self.times, HistoryTimes) else self.times

    @model_validator(mode="after")
    def _ready_made(self) -> "Sequence":
        if self.column is None:
            for key in ("separator", "order", "times"):
                if getattr(self, key) is not None:
                    raise ValueError(
                        f"`{key}` is of a ready-made history: name its cell in `column`, or drop "
                        f"`{key}`"
                    )
            return self
        for key, said in (("when", self.when is not None), ("until", self.until != "now")):
            if said:
                raise ValueError(
                    f"the cell {self.column!r} is the history itself, whole: drop `{key}`, or "
                    "`column` to have the history made of the user's earlier events"
                )
        if not self.attributes:
            raise ValueError(
                "a ready-made history needs `attributes`: what its elements are, and their table"
            )
        return self
