"""Where a split of a log with a clock begins: a local day, or a local time."""

from datetime import datetime
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
