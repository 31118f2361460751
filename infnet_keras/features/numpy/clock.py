"""Local time: instants, days, hours and dates, for local work.

`features.tensorflow.clock` is the same in TensorFlow operations.

An instant is int64 milliseconds since 1970-01-01 UTC. A missing or impossible one, outside the
years 1 to 9999, is MISSING_INTEGER, and so is whatever is computed from it.

Texts are read as their spelling says (see `TextPattern`). Text without an offset is local time of
the time zone; an hour that a change of clocks repeats is its first one, an hour that it skips
counts on from before the change. Anything else is missing.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.errors import DataError
from infnet_keras.features.calendar import DAY, FIRST_INSTANT, HOUR, LAST_INSTANT, SECOND
from infnet_keras.features.canonical import MISSING_INTEGER, missing_as_null
from infnet_keras.features.numpy.time_text import WallClock, parse_number, parse_text
from infnet_keras.features.time_zone import Integers, zone_offsets
from infnet_keras.spec.derived.since import DaysSince
from infnet_keras.spec.sources import Time
from infnet_keras.spec.time_format import DATE_AND_MORE, ISO8601
from infnet_keras.spec.time_spelling import TimeSpelling, TimeUnit

DIVISORS = {"ms": 1, "us": 1000, "ns": 1_000_000}


def to_epoch_ms(values: pa.Array | npt.NDArray[Any], time: Time) -> Integers:
    """Instants of a time column.

    Args:
        values: [n] integers in the unit of `time`, or strings: as its `format` or `iso8601` says,
            else decimal numbers in its unit. Integers of a format or of iso8601 are their digits.
        time: column, spelling and time zone of the log.

    Returns:
        int64 [n] milliseconds since 1970 UTC, rounded down.

    Raises:
        DataError: the column holds floats.

    Example:
        >>> to_epoch_ms(np.array(["1970-01-01T08:00:01.5"]), Time(
        ...     column="t", unit="iso8601", timezone="Asia/Shanghai"))
        array([1500])
    """
    return _instants(values, time, time.timezone, time.column or "time")


def local_day(instants: Integers, timezone: str) -> Integers:
    """Days from 1970-01-01 to each instant's local date.

    Args:
        instants: int64 [n] milliseconds.
        timezone: IANA name.

    Returns:
        int64 [n].
    """
    return _local(instants, timezone, lambda local: local // DAY)


def hour_of_day(instants: Integers, timezone: str) -> Integers:
    """Hour that the local clock shows at each instant, 0 to 23; int64 like `local_day`."""
    return _local(instants, timezone, lambda local: local // HOUR % 24)


def day_of_week(instants: Integers, timezone: str) -> Integers:
    """Weekday of each instant's local date, Monday 0 to Sunday 6; int64 like `local_day`."""
    return _local(instants, timezone, lambda local: (local // DAY + 3) % 7)


def parse_dates(
    values: pa.Array | npt.NDArray[Any], date: DaysSince, timezone: str
) -> npt.NDArray[np.float32]:
    """Days from 1970-01-01 to each date.

    Args:
        values: [n] strings or integers.
        date: column and spelling of the dates. If it says neither unit nor format, strings (or the
            digits of integers) start with a date; more may follow, but no further digit.
        timezone: IANA name; instants count by their local date.

    Returns:
        float32 [n]; NaN where there is no date of the calendar.

    Raises:
        DataError: the column holds floats.
    """
    column = date.column
    if date.unit is not None or date.format is not None:
        return _as_float(local_day(_instants(values, date, timezone, column), timezone))
    distinct, which = _distinct_texts(missing_as_null(values, column), column)
    written, read = parse_text(distinct, DATE_AND_MORE), parse_text(distinct, ISO8601)
    days = np.where(written.found, written.wall // DAY, MISSING_INTEGER)
    with_offset = read.found & ~read.is_local
    days = np.where(with_offset, local_day(_at(read, timezone), timezone), days)
    return _as_float(days[which])


def days_since(
    instants: Integers,
    timezone: str,
    dates: pa.Array | npt.NDArray[Any],
    date: DaysSince,
) -> npt.NDArray[np.float32]:
    """Whole days from a date to the local date of an instant.

    Args:
        instants: int64 [n] milliseconds.
        timezone: IANA name.
        dates: [n], read as by `parse_dates`.
        date: column and spelling of the dates.

    Returns:
        float32 [n]; negative for a date to come, NaN where either side is missing.
    """
    return _as_float(local_day(instants, timezone)) - parse_dates(dates, date, timezone)


def _instants(
    values: pa.Array | npt.NDArray[Any], spelling: TimeSpelling, timezone: str, column: str
) -> Integers:
    array = missing_as_null(values, column)
    if pa.types.is_integer(array.type) and not spelling.is_text:
        return _counted(_integers(array), spelling.count_unit)
    distinct, which = _distinct_texts(array, column)
    if spelling.pattern is not None:
        return _at(parse_text(distinct, spelling.pattern), timezone)[which]
    exact, whole, number, microseconds = parse_number(distinct, spelling.count_unit)
    found = np.where(number, _possible(microseconds // 1000), MISSING_INTEGER)
    return np.where(exact, _counted(whole, spelling.count_unit), found)[which]


def _counted(count: Integers, unit: TimeUnit) -> Integers:
    if unit == "s":
        bounds = FIRST_INSTANT // SECOND - 1, LAST_INSTANT // SECOND + 1
        return _possible(np.clip(count, *bounds) * SECOND)
    return _possible(count // DIVISORS[unit])


def _at(clock: WallClock, timezone: str) -> Integers:
    zone = zone_offsets(timezone)
    local = zone.offsets[np.searchsorted(zone.wall_starts, clock.wall, side="right") - 1]
    instants = clock.wall - np.where(clock.is_local, local, clock.offset)
    return _possible(np.where(clock.found, instants, MISSING_INTEGER))


def _local(instants: Integers, timezone: str, read: Any) -> Integers:
    zone = zone_offsets(timezone)
    missing = instants == MISSING_INTEGER
    known = np.where(missing, 0, instants)
    offset = zone.offsets[np.searchsorted(zone.starts, known, side="right") - 1]
    return np.where(missing, MISSING_INTEGER, read(known + offset))


def _possible(instants: Integers) -> Integers:
    inside = (instants >= FIRST_INSTANT) & (instants <= LAST_INSTANT)
    return np.where(inside, instants, MISSING_INTEGER)


def _as_float(days: Integers) -> npt.NDArray[np.float32]:
    return np.where(days == MISSING_INTEGER, np.nan, days).astype(np.float32)


def _integers(array: pa.Array) -> Integers:
    filled: Integers = array.fill_null(MISSING_INTEGER).to_numpy(zero_copy_only=False)
    return filled


def _distinct_texts(array: pa.Array, column: str) -> tuple[pa.Array, Integers]:
    """Each text once, a missing one as empty, and which of them stands where.

    A log holds the same times again and again, and taking a text apart is slow.
    """
    if pa.types.is_floating(array.type):
        raise DataError(
            f"time column {column!r} is of type {array.type}, which spells no time exactly: "
            f"declare types: {{{column}: string}}"
        )
    if pa.types.is_integer(array.type):
        array = array.cast(pa.string())
    encoded = pc.dictionary_encode(array.cast(pa.large_binary()).fill_null(b""))
    return encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False)
