"""How a column spells its times."""

from typing import Literal

from pydantic import field_validator, model_validator

from infnet_keras.spec.base import Block
from infnet_keras.spec.time_format import ISO8601, TextPattern, text_pattern

TimeUnit = Literal["s", "ms", "us", "ns"]


class TimeSpelling(Block):
    """A count since 1970, a text, or nothing said: then the column's own type tells."""

    unit: Literal["s", "ms", "us", "ns", "iso8601"] | None = None
    """Unit of a time since 1970 (UTC), or iso8601 for a text with the year first."""
    format: str | None = None
    """How a text is spelt, in the directives of strftime: %m/%d/%Y %I:%M:%S %p."""

    @field_validator("format")
    @classmethod
    def _readable(cls, time_format: str | None) -> str | None:
        if time_format is not None:
            text_pattern(time_format)
        return time_format

    @model_validator(mode="after")
    def _one_spelling(self) -> "TimeSpelling":
        if self.unit is not None and self.format is not None:
            raise ValueError("give either `unit` or `format`")
        return self

    @property
    def is_text(self) -> bool:
        """Whether the spec says that the column holds texts."""
        return self.format is not None or self.unit == "iso8601"

    @property
    def count_unit(self) -> TimeUnit:
        """What integers count: milliseconds unless told otherwise."""
        return "ms" if self.unit is None or self.unit == "iso8601" else self.unit

    @property
    def pattern(self) -> TextPattern | None:
        """How texts are read; None where they hold a number in `unit`."""
        if self.format is not None:
            return text_pattern(self.format)
        return ISO8601 if self.unit in (None, "iso8601") else None

    def said(self) -> str:
        """What the spec says, for errors."""
        if self.format is not None:
            return f"format {self.format!r}"
        return "unit ms, the default" if self.unit is None else f"unit {self.unit}"
