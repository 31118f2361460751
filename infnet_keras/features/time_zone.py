"""When the clocks of a time zone change."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from infnet_keras.features.calendar import DAY, SECOND
from infnet_keras.features.canonical import MISSING_INTEGER

Integers = npt.NDArray[np.int64]


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
