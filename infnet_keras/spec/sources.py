"""Raw files, their joins, types and time."""

import codecs
from pathlib import PurePosixPath
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from infnet_keras.spec.base import Block
from infnet_keras.spec.row_shapes import Explode, Packed
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
    """One kind of raw file, one or several, with wildcards: CSV, JSON lines or Parquet.

    The name says which: .jsonl, .ndjson and .json are JSON lines, .parquet and .pq Parquet, all
    others CSV; text may be compressed (.gz, .bz2, .zst, .lz4, .zip). A directory `key=value` on
    the way to a file is a column of it.

    The log of impressions is the one source without `join` that no sequence names. Of the others
    some are looked up by the keys that `join` names, for columns that the log does not have or for
    labels `found_in` them, and some hold the events of a sequence that names them as its `source`.
    A column that several joined sources have is read from the log, else from the first of them.
    """

    files: str | list[str]
    """File names or patterns such as log_*.csv.gz, relative to the directory of raw files."""
    join: str | list[str] | dict[str, str] | None = None
    """By what the log looks up this source: a column that both have, several, or the log's column
    and this source's, as in user_id: uid."""
    misses: Literal["refused", "allowed"] = "refused"
    """Whether the join may miss more than 99 % of the impressions."""
    time: Time | None = None
    """When an event of the log, or of a sequence's own source, happened."""
    deduplicate: bool = False
    """Drop exact repeats of a row of the log."""
    types: dict[str, ColumnType] = Field(default_factory=dict)
    """Types of columns, where the file alone does not tell: int64, float32 or string."""
    columns: list[str] | None = None
    """Names of the columns, in order, of CSV files without a header line."""
    delimiter: str = Field(default=",", min_length=1)
    """What separates the columns of a CSV file: one or several characters."""
    quote: Annotated[str, Field(pattern="^(off|[!-~])$")] | Literal[False] = '"'
    """The character around values of a CSV file that hold a delimiter or a line's end, or off."""
    encoding: str = "utf-8"
    """How a text file spells its characters, such as latin-1, gbk or utf-16."""
    missing_values: list[str] = Field(default_factory=list)
    """Spellings that mean a missing value in every column, such as \\N or NULL."""
    packed: Packed | None = None
    """A column that packs `field:id:value` features: a column a field."""
    explode: Explode | None = None
    """A row that packs several: one row an element."""
    leaks: str | None = None
    """Why this source must not be trusted offline; printed as a warning."""

    @property
    def keys(self) -> dict[str, str]:
        """The log's columns that `join` names, each with this source's.

        Example:
            >>> Source(files="items.csv", join=["day", "item"]).keys
            {'day': 'day', 'item': 'item'}
        """
        if self.join is None or isinstance(self.join, dict):
            return self.join or {}
        return {key: key for key in ([self.join] if isinstance(self.join, str) else self.join)}

    @field_validator("join")
    @classmethod
    def _some_key(
        cls, join: str | list[str] | dict[str, str] | None
    ) -> str | list[str] | dict[str, str] | None:
        names = list(join.values()) if isinstance(join, dict) else join
        names = [names] if isinstance(names, str) else names
        if names is not None and not (names and all(names) and len(set(names)) == len(names)):
            raise ValueError("give at least one column, and each once")
        return join

    @field_validator("files")
    @classmethod
    def _some(cls, files: str | list[str]) -> str | list[str]:
        if not files or not all(files):
            raise ValueError("give at least one file name or pattern")
        for pattern in [files] if isinstance(files, str) else files:
            if not _is_pattern(pattern):
                raise ValueError(
                    f"{pattern!r} is no file name or pattern below the directory of the raw files "
                    "(--raw), such as log.csv, log_*.csv.gz or */part-*.parquet; `**` stands for "
                    "whole directories, as in **/log.csv"
                )
        return files

    @field_validator("columns")
    @classmethod
    def _names(cls, columns: list[str] | None) -> list[str] | None:
        if columns is not None and (not columns or not all(columns)):
            raise ValueError("give every column of the file a name")
        twice = next((name for name in columns or [] if (columns or []).count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two columns are called {twice!r}; give each a name of its own")
        return columns

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
            codecs.getincrementaldecoder(encoding)
        except (LookupError, ValueError) as error:
            raise ValueError(
                f"{encoding!r} is no encoding of text such as utf-8, latin-1, gbk or utf-16"
            ) from error
        return encoding

    @model_validator(mode="after")
    def _delimiter_alone(self) -> "Source":
        if any(c in self.delimiter for c in "\r\n") or self.quote in list(self.delimiter):
            raise ValueError("`delimiter` can hold neither a line's end nor the `quote`")
        return self

    @property
    def quote_character(self) -> str | None:
        """The character that quotes values, None where quotes are text as any other."""
        return None if self.quote in (False, "off") else str(self.quote)


def _is_pattern(files: str) -> bool:
    """Whether every file system can look for it below a directory."""
    parts = PurePosixPath(files).parts
    is_absolute = files.startswith("/") or "://" in files
    return bool(parts) and not is_absolute and not any("**" in p and p != "**" for p in parts)


class Keys(Block):
    """Whose behaviours a history holds (also gAUC's groups), and what is ranked."""

    user: str | None = None
    """The column that identifies the user; a log without one has no histories and no gAUC."""
    item: str
    """The column that identifies the item."""
