"""Raw files, their joins, types and time."""

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from infnet_keras.spec.base import Block
from infnet_keras.spec.time_spelling import TimeSpelling

ColumnType = Literal["int64", "float32", "string"]


class Time(TimeSpelling):
    """When an event happened: a column of the log, or the order of its rows.

    `row_order: log` says that the whole log is in time order, `row_order: user` that only the rows
    of one user are (a log grouped by user). The first splits by a fraction of the log, the second
    by a fraction of each user's events.

    Without `unit` and `format` a timestamp or date of a Parquet file tells its own unit, integers
    count milliseconds, and texts have the year first (see `unit: iso8601`).
    """

    column: str | None = None
    """The column that holds the time."""
    timezone: str = "UTC"
    """Whose days and hours count: an IANA name such as Asia/Shanghai."""
    row_order: Literal["log", "user"] | None = None
    """Instead of `column`: the rows of the log, or of each user, are in time order."""

    @model_validator(mode="after")
    def _one_kind(self) -> "Time":
        if (self.column is None) == (self.row_order is None):
            raise ValueError("give either `column` (with unit and timezone) or `row_order`")
        clock = (self.unit, self.format, self.timezone)
        if self.row_order is not None and clock != (None, None, "UTC"):
            raise ValueError("`row_order` has no clock: drop `unit`, `format` and `timezone`")
        return self

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is not an IANA time zone such as Asia/Shanghai") from error
        return name


class Source(Block):
    """One kind of raw file: CSV (also .gz) or Parquet, one or several, with wildcards.

    The one source without `join` is the log of impressions; the others are looked up by the key
    that `join` names, a column both have. A column that several sources have is read from the log,
    else from the first of them.
    """

    files: str | list[str]
    """File names or patterns such as log_*.csv.gz, relative to the directory of raw files."""
    join: str | None = None
    """The column by which the log looks up this source."""
    time: Time | None = None
    """When an event of the log happened."""
    deduplicate: bool = False
    """Drop exact repeats of a row of the log."""
    types: dict[str, ColumnType] = Field(default_factory=dict)
    """Types of columns, where the file alone does not tell: int64, float32 or string."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """What separates the columns of a CSV file."""
    leaks: str | None = None
    """Why this source must not be trusted offline; printed as a warning."""

    @field_validator("files")
    @classmethod
    def _some(cls, files: str | list[str]) -> str | list[str]:
        if not files or not all(files):
            raise ValueError("give at least one file name or pattern")
        return files


class Keys(Block):
    """Whose behaviours a history holds (also gAUC's groups), and what is ranked."""

    user: str
    """The column that identifies the user."""
    item: str
    """The column that identifies the item."""
