"""The Gregorian calendar in operators alone: one definition for NumPy arrays and for tensors."""

from collections.abc import Mapping
from typing import Any

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FIRST_INSTANT = -62_135_596_800_000  # 0001-01-01T00:00:00Z
LAST_INSTANT = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z


def days_from_civil(year: Any, month: Any, day: Any) -> Any:
    """Days from 1970-01-01 to a date of the Gregorian calendar.

    Month 13 is January of the next year.
    """
    before_march = (14 - month) // 12
    year = year + 4800 - before_march
    month = month + 12 * before_march - 3
    day_number = day + (153 * month + 2) // 5 + 365 * year + year // 4 - year // 100 + year // 400
    return day_number - 2_472_633


def is_date(year: Any, month: Any, day: Any) -> Any:
    """Whether the calendar has this date in the years 1 to 9999."""
    length = days_from_civil(year, month + 1, 1) - days_from_civil(year, month, 1)
    return (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)


def wall_clock(parts: Mapping[str, Any]) -> tuple[Any, Any]:
    """What a clock shows, from the numbers that stand in a text.

    Args:
        parts: integers by the names of `TextPattern`'s parts; `half` is 1 for PM, and `milli`
            stands for the fraction of a second. What is absent of a clock is 0.

    Returns:
        Milliseconds from 1970-01-01 00:00 of the same clock, and whether there is such a time.
    """
    # Of two digits 69 is 1969 and 68 is 2068, as in POSIX.
    year = parts["year"] if "year" in parts else (parts["short_year"] + 31) % 100 + 1969
    if "day_of_year" in parts:
        first = days_from_civil(year, 1, 1)
        days = first + parts["day_of_year"] - 1
        found = (year >= 1) & (days >= first) & (days < days_from_civil(year + 1, 1, 1))
    else:
        month = parts["month"] if "month" in parts else parts["month_name"]
        days = days_from_civil(year, month, parts["day"])
        found = is_date(year, month, parts["day"])
    if "half_hour" in parts:
        found = found & (parts["half_hour"] >= 1) & (parts["half_hour"] <= 12)
        hour = parts["half_hour"] % 12 + 12 * parts["half"]
    else:
        hour = parts.get("hour", 0)
    minute, second = parts.get("minute", 0), parts.get("second", 0)
    found = found & (hour <= 23) & (minute <= 59) & (second <= 59)
    clock = hour * HOUR + minute * MINUTE + second * SECOND + parts.get("milli", 0)
    return days * DAY + clock, found
