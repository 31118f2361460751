"""Behaviour sequences: earlier events of the same user."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from infnet_keras.spec.base import Block
from infnet_keras.spec.fields import Until


class SequenceAttribute(Block):
    """One side attribute of a behaviour: the table that embeds it and how it splits.

    `multivalue` and what follows default to those of the field that reads the same column.
    """

    table: str
    multivalue: str | None = None
    pooling: Literal["mean", "sum"] | None = None
    max_values: PositiveInt | None = None


class Sequence(Block):
    """The latest `length` events strictly before the impression for which `when` holds.

    `until: day` ends the history before the impression's own day. A behaviour without attributes
    has no tokens and serves history_count and history_rate alone.
    """

    length: NonNegativeInt = 0
    when: str | None = None
    until: Until = "now"
    attributes: dict[str, str | SequenceAttribute] = Field(default_factory=dict)
