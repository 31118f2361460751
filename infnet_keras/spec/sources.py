"""Raw files, their joins, types and time."""

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from infnet_keras.spec.base import Block

ColumnType = Literal["int64", "float32", "string"]


class Time(Block):
    """When an event happened: a column of the log, or the order of its rows.

    `row_order: log` says that the whole log is in time order, `row_order: user` that only the rows
    of one user are (a log grouped by user). The first splits by a fraction of the log, the second
    by a fraction of each user's events.
    """

    column: str | None = None
    unit: Literal["s", "ms", "us", "ns", "iso8601"] = "ms"
    timezone: str = "UTC"
    row_order: Literal["log", "user"] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Time":
        if (self.column is None) == (self.row_order is None):
            raise ValueError("give either `column` (with unit and timezone) or `row_order`")
        return self

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is not an IANA time zone such as Asia/Shanghai") from error
        return name


class Source(Block):
    """One kind of raw file: CSV (also .gz) or Parquet, one or several, with wildcards.

    The one source without `join` is the log of impressions; the others are looked up by the key
    that `join` names, a column both have.
    """

    files: str | list[str]
    join: str | None = None
    time: Time | None = None
    deduplicate: bool = False
    types: dict[str, ColumnType] = Field(default_factory=dict)
    delimiter: str = ","
    leaks: str | None = None  # why this source must not be trusted offline; printed as a warning


class Keys(Block):
    """Whose behaviours a history holds (also gAUC's groups), and what is ranked."""

    user: str
    item: str
