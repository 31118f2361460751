"""Local time: instants, days, hours and dates, for local work.

`features.tensorflow.clock` is the same in TensorFlow operations.

An instant is int64 milliseconds since 1970-01-01 UTC. A missing or impossible one, outside the
years 1 to 9999, is MISSING_INTEGER, and so is whatever is computed from it.

ISO 8601 text is `YYYY-MM-DD`, then optionally `T` or a space and `HH:MM`, `HH:MM:SS` or
`HH:MM:SS.fraction`, then optionally `Z`, `+hh:mm` or `+hhmm`. Text without an offset is local time
of the time zone; an hour that a change of clocks repeats is its first one, an hour that it skips
counts on from before the change. Anything else is missing.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER, missing_as_null
from infnet_keras.spec.sources import Time

Integers = npt.NDArray[np.int64]

DATE = r"\A(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
DATE_AND_MORE = DATE + r"(?:[\x00-/:-\x7f]\C*)?\z"
"""A date, then nothing or anything that does not start with a digit (RE2, on bytes)."""
ISO8601 = (
    DATE + r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?)?\z"
)
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FIRST_INSTANT = -62_135_596_800_000  # 0001-01-01T00:00:00Z
LAST_INSTANT = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
DIVISORS = {"ms": 1, "us": 1000, "ns": 1_000_000}


class ZoneOffsets(NamedTuple):
    """Offsets of a time zone's clocks from UTC, 1970 to 2100; the last holds on after that.

    Args:
        starts: int64 [m] instants from which an offset holds, the first MISSING_INTEGER.
        wall_starts: int64 [m], the same on the zone's own clocks: for text without an offset.
        offsets: int64 [m] milliseconds to add to UTC.
    """

    starts: Integers
    wall_starts: Integers
    offsets: Integers


@lru_cache
def zone_offsets(timezone: str) -> ZoneOffsets:
    """Every change of a time zone's clocks, from the machine's time zone data.

    Args:
        timezone: IANA name such as Asia/Shanghai.
    """
    zone = ZoneInfo(timezone)

    def offset_at(second: int) -> int:
        offset = datetime.fromtimestamp(second, zone).utcoffset() or timedelta()
        return round(offset.total_seconds() * SECOND)

    last = int(datetime(2101, 1, 1, tzinfo=UTC).timestamp())
    starts, offsets = [MISSING_INTEGER], [offset_at(0)]
    day = DAY // SECOND
    for second in range(day, last, day):
        if offset_at(second) != offsets[-1]:
            low, high = second - day, second
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset_at(middle) == offsets[-1] else (low, middle)
            starts.append(high * SECOND)
            offsets.append(offset_at(second))
    wall_starts = starts[:1] + [
        start + max(before, after)
        for start, before, after in zip(starts[1:], offsets, offsets[1:], strict=False)
    ]
    return ZoneOffsets(*(np.array(v, np.int64) for v in (starts, wall_starts, offsets)))


def to_epoch_ms(values: pa.Array | npt.NDArray[Any], time: Time) -> Integers:
    """Instants of a time column.

    Args:
        values: [n] integers in the unit of `time`, or strings where that is iso8601.
        time: column, unit and time zone of the log.

    Returns:
        int64 [n] milliseconds since 1970 UTC, rounded down.

    Raises:
        DataError: the column does not have the type that its unit needs.

    Example:
        >>> to_epoch_ms(np.array(["1970-01-01T08:00:01.5"]), Time(
        ...     column="t", unit="iso8601", timezone="Asia/Shanghai"))
        array([1500])
    """
    column = time.column or "time"
    array = missing_as_null(values, column)
    if time.unit == "iso8601":
        return _parse_iso8601(_texts(array, column), zone_offsets(time.timezone))
    if not (pa.types.is_integer(array.type) or pa.types.is_null(array.type)):
        raise DataError(
            f"time column {column!r} is of type {array.type}, but unit {time.unit} counts "
            f"integers: declare types: {{{column}: int64}}, or unit: iso8601 for text"
        )
    count = array.cast(pa.int64()).fill_null(MISSING_INTEGER).to_numpy(zero_copy_only=False)
    if time.unit == "s":
        bounds = FIRST_INSTANT // SECOND - 1, LAST_INSTANT // SECOND + 1
        return _possible(np.clip(count, *bounds) * SECOND)
    return _possible(count // DIVISORS[time.unit])


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


def parse_dates(values: pa.Array | npt.NDArray[Any], column: str) -> npt.NDArray[np.float32]:
    """Days from 1970-01-01 to each date.

    Args:
        values: [n] strings that start with YYYY-MM-DD; more may follow, but no further digit.
        column: name of the column, for the error.

    Returns:
        float32 [n]; NaN where the string does not start with a date of the calendar.

    Raises:
        DataError: the column does not hold strings.
    """
    parts = pc.extract_regex(_texts(missing_as_null(values, column), column), DATE_AND_MORE)
    year, month, day = (_number(parts, name) for name in ("year", "month", "day"))
    found = is_date(year, month, day) & parts.is_valid().to_numpy(zero_copy_only=False)
    days = days_from_civil(year, month, day).astype(np.float32)
    return np.where(found, days, np.float32(np.nan))


def days_since(
    instants: Integers, timezone: str, dates: pa.Array | npt.NDArray[Any], column: str
) -> npt.NDArray[np.float32]:
    """Whole days from a date to the local date of an instant.

    Args:
        instants: int64 [n] milliseconds.
        timezone: IANA name.
        dates: [n] strings, read as by `parse_dates`.
        column: name of the dates' column, for the error.

    Returns:
        float32 [n]; negative for a date to come, NaN where either side is missing.
    """
    today = local_day(instants, timezone)
    days = np.where(today == MISSING_INTEGER, np.nan, today).astype(np.float32)
    distinct = missing_as_null(dates, column).dictionary_encode()
    parsed = np.append(parse_dates(distinct.dictionary, column), np.float32(np.nan))
    which = distinct.indices.fill_null(len(distinct.dictionary)).to_numpy()
    since: npt.NDArray[np.float32] = days - parsed[which]
    return since


def days_from_civil(year: Any, month: Any, day: Any) -> Any:
    """Days from 1970-01-01 to a date of the Gregorian calendar.

    Operators alone, so that one definition serves NumPy arrays and TensorFlow tensors. Month 13
    is January of the next year.
    """
    before_march = (14 - month) // 12
    year = year + 4800 - before_march
    month = month + 12 * before_march - 3
    day_number = day + (153 * month + 2) // 5 + 365 * year + year // 4 - year // 100 + year // 400
    return day_number - 2_472_633


def is_date(year: Any, month: Any, day: Any) -> Any:
    """Whether the calendar has this date in the years 1 to 9999; arrays or tensors, as above."""
    length = days_from_civil(year, month + 1, 1) - days_from_civil(year, month, 1)
    return (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)


def _local(instants: Integers, timezone: str, read: Any) -> Integers:
    zone = zone_offsets(timezone)
    missing = instants == MISSING_INTEGER
    known = np.where(missing, 0, instants)
    offset = zone.offsets[np.searchsorted(zone.starts, known, side="right") - 1]
    return np.where(missing, MISSING_INTEGER, read(known + offset))


def _parse_iso8601(texts: pa.Array, zone: ZoneOffsets) -> Integers:
    parts = pc.extract_regex(texts, ISO8601)
    year, month, day = (_number(parts, name) for name in ("year", "month", "day"))
    hour, minute, second = (_number(parts, name) for name in ("hour", "minute", "second"))
    fraction = pc.utf8_slice_codeunits(_part(parts, "fraction"), 0, 3)
    milli = pc.utf8_rpad(fraction, 3, "0").cast(pa.int64()).to_numpy()
    offset_text = _part(parts, "offset")
    digits = pc.replace_substring_regex(offset_text, "[^0-9]", "")
    offset = pc.if_else(pc.equal(digits, ""), "0", digits).cast(pa.int64()).to_numpy()
    offset_hour, offset_minute = offset // 100, offset % 100
    found = (
        parts.is_valid().to_numpy(zero_copy_only=False)
        & is_date(year, month, day)
        & ((hour <= 23) & (minute <= 59) & (second <= 59))
        & ((offset_hour <= 23) & (offset_minute <= 59))
    )
    wall = days_from_civil(year, month, day) * DAY
    wall += hour * HOUR + minute * MINUTE + second * SECOND + milli
    sign = np.where(pc.starts_with(offset_text, "-").to_numpy(zero_copy_only=False), -1, 1)
    given = sign * (offset_hour * HOUR + offset_minute * MINUTE)
    local = zone.offsets[np.searchsorted(zone.wall_starts, wall, side="right") - 1]
    naive = pc.equal(offset_text, "").to_numpy(zero_copy_only=False)
    return _possible(np.where(found, wall - np.where(naive, local, given), MISSING_INTEGER))


def _possible(instants: Integers) -> Integers:
    inside = (instants >= FIRST_INSTANT) & (instants <= LAST_INSTANT)
    return np.where(inside, instants, MISSING_INTEGER)


def _texts(array: pa.Array, column: str) -> pa.Array:
    if pa.types.is_null(array.type):
        return array.cast(pa.binary())
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        raise DataError(
            f"column {column!r} is of type {array.type}, but dates and times in text are read from "
            f"it: declare types: {{{column}: string}}"
        )
    return array


def _part(parts: pa.Array, name: str) -> pa.Array:
    return pc.struct_field(parts, name).fill_null(b"").cast(pa.string())


def _number(parts: pa.Array, name: str) -> Integers:
    text = _part(parts, name)
    number: Integers = pc.if_else(pc.equal(text, ""), "0", text).cast(pa.int64()).to_numpy()
    return number
