"""Columns of times: of which type they are read, and timestamps of a file as the spec counts."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.errors import DataError
from infnet_keras.features.time_zone import zone_offsets
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType, Time
from infnet_keras.spec.time_format import ISO8601, suggested_format
from infnet_keras.spec.time_spelling import TimeSpelling

_TICKS = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
_PER_MILLISECOND = {"ms": 1, "us": 1000, "ns": 1_000_000}
_YEAR = 365 * 86_400_000
_YEARS = tuple(int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1990, 2100))


class TimeColumn(NamedTuple):
    """How the spec reads a column of times.

    Args:
        spelling: unit or format.
        timezone: whose clock a timestamp without a time zone shows.
    """

    spelling: TimeSpelling
    timezone: str


def time_columns(spec: FeatureSpec) -> Mapping[str, TimeColumn]:
    """The log's time and every date that `days_since` reads, by column."""
    found: dict[str, TimeColumn] = {}
    if spec.time.column is not None:
        found[spec.time.column] = TimeColumn(spec.time, spec.time.timezone)
    for date in spec.dates.values():
        found.setdefault(date.column, TimeColumn(date, spec.time.timezone))
    return found


def time_type(
    time: TimeColumn, declared: ColumnType | None, inferred: ColumnType, stored: pa.DataType | None
) -> ColumnType:
    """int64 or string: a text spells fractions exactly, float32 holds today's seconds to a minute.

    Args:
        time: how it is read.
        declared: its type in the spec.
        inferred: what its file looks like.
        stored: the type that its file gives it; None for a text file.
    """
    if declared is not None:
        return "string" if declared == "float32" else declared
    if time.spelling.is_text:
        return "string"
    if stored is not None and pa.types.is_temporal(stored):
        is_count = isinstance(time.spelling, Time) or time.spelling.unit is not None
        return "int64" if is_count else "string"
    return "int64" if inferred == "int64" else "string"


def counted_times(values: pa.Array, time: TimeColumn, column: str, file: str) -> pa.Array:
    """Timestamps or dates of a file as int64 in the unit of the spec, else in milliseconds.

    One without a time zone is what the clock of the log's time zone shows, a date its midnight.

    Raises:
        DataError: the column is a time of day or a duration, or the spec says another unit than
            its own.
    """
    is_date = pa.types.is_date(values.type)
    if not is_date and not pa.types.is_timestamp(values.type):
        raise DataError(
            f"{file}: column {column!r} is of type {values.type}, which tells no day; store "
            "timestamps, dates, numbers or text"
        )
    own = values.type.unit if pa.types.is_timestamp(values.type) else "ms"
    said = time.spelling.unit
    if time.spelling.format is not None or (said is not None and (is_date or said != own)):
        raise DataError(
            f"{file}: column {column!r} is of type {values.type}, but the spec says "
            f"{time.spelling.said()}; drop it: the column's own type tells its unit"
        )
    zoned = not is_date and values.type.tz is not None
    count = values.cast(pa.timestamp(own)) if is_date else values
    count = count.cast(pa.int64()).fill_null(0).to_numpy()
    milliseconds = count * 1000 if own == "s" else count // _PER_MILLISECOND[own]
    zone = zone_offsets(time.timezone)
    place = np.searchsorted(zone.wall_starts, milliseconds, side="right") - 1
    offset = np.where(zoned, 0, zone.offsets[place])
    if said is None:
        count = milliseconds - offset
    else:
        count = count - (offset // 1000 if own == "s" else offset * _PER_MILLISECOND[own])
    return pc.if_else(values.is_valid(), pa.array(count), None)


def spelling_hint(value: object) -> str | None:
    """The `unit` or `format` with which a value is a time from 1990 to 2100; None without one."""
    text = str(value)
    day = re.sub("[-/]", "", text[:10])[:8]
    if re.match(ISO8601.strict.replace(r"\z", r"\Z"), text) and suggested_format(day) == "%Y%m%d":
        return "`unit: iso8601`"
    if (time_format := suggested_format(text)) is not None:
        swapped = " (or %d/%m, if the day stands first)" if time_format.startswith("%m/%d") else ""
        return f'`format: "{time_format}"`{swapped}'
    try:
        number = float(text)
    except ValueError:
        return None
    for unit, ticks in _TICKS.items():
        if _YEARS[0] <= number / ticks < _YEARS[1]:
            return f"`unit: {unit}`"
    return None


def check_times(times: tuple[int, int], time: Time, of: str = "the log") -> None:
    """Raise DataError where all times lie in 1970 because their numbers are in another unit.

    Args:
        times: the first and the last instant, in milliseconds.
        time: how they are spelt.
        of: whose times they are, for the error.
    """
    if times[1] >= _YEAR or time.is_text:
        return
    numbers = [at * _TICKS[time.count_unit] // 1000 for at in times]
    hints = {spelling_hint(number) for number in numbers}
    if len(hints) == 1 and (hint := hints.pop()) is not None:
        day = datetime.fromtimestamp(times[1] // 1000, UTC).date()
        raise DataError(
            f"every time of {of} is before 1971: the largest number in {time.column!r}, about "
            f"{numbers[1]}, is {day} in {time.said()}. It looks like another spelling: say {hint}"
        )
