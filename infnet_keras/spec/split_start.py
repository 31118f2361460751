"""Where a split begins: at a local day, at a local time, or after a fraction of the rows."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def split_instant(start: str | float, timezone: str) -> int | None:
    """The first instant of a split, in milliseconds since 1970; None if that is no day or time.

    Args:
        start: a day (2022-05-04, from its midnight on) or a time (2022-05-04 18:00).
        timezone: IANA name of the clock that shows it.

    Example:
        >>> split_instant("1970-01-02 00:30", "Europe/Berlin")
        84600000
    """
    try:
        local = datetime.fromisoformat(str(start))
    except ValueError:
        return None
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(timezone))
    return round(local.timestamp() * 1000)


def split_fraction(start: str | float) -> float | None:
    """The fraction of the rows before a split; None if that is no number above 0 and up to 1.

    Example:
        >>> split_fraction("0.80")
        0.8
    """
    try:
        fraction = float(start)
    except ValueError:
        return None
    return fraction if 0 < fraction <= 1 else None


def local_time(instant: int, timezone: str) -> datetime:
    """What a local clock shows at an instant, in milliseconds since 1970.

    Example:
        >>> str(local_time(84_600_000, "Europe/Berlin"))
        '1970-01-02 00:30:00+01:00'
    """
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(
        ZoneInfo(timezone)
    )
