"""Behaviour sequences: earlier events of the same user."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from infnet_keras.spec.base import Block
from infnet_keras.spec.derived.history import Until


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


class Sequence(Block):
    """The latest `length` events strictly before the impression for which `when` holds.

    `until: day` ends the history before the impression's own day. A behaviour without attributes
    has no tokens and serves history_count and history_rate alone.
    """

    length: NonNegativeInt = 0
    """How many events the history holds at most: the latest."""
    when: str | None = None
    """Which events belong to it: comparisons joined by and, or, not; without it every event."""
    until: Until = "now"
    """Whether the history ends at the impression (now) or at the start of its day."""
    attributes: dict[str, str | SequenceAttribute] = Field(default_factory=dict)
    """Columns of the events, each with the table that embeds it."""
