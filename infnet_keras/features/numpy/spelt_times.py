"""Made-up instants as a log spells them: `clock` backwards."""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.features.calendar import SECOND
from infnet_keras.spec.derived.since import DaysSince
from infnet_keras.spec.sources import ColumnType
from infnet_keras.spec.time_spelling import TimeSpelling

_TICKS = {"s": (1, 1000), "ms": (1, 1), "us": (1000, 1), "ns": (1_000_000, 1)}
_NO_DIRECTIVE = {"f": "000000", "Z": "UTC"}  # Arrow has no %f, and %Z is the zone's own name


def spelt_times(
    instants: npt.NDArray[np.int64], spelling: TimeSpelling, timezone: str, column_type: ColumnType
) -> pa.Array:
    """Instants as a column of the log.

    Args:
        instants: int64 [n] milliseconds.
        spelling: unit or format; a date that says neither is its day alone.
        timezone: whose clock a text shows, unless it gives its offset.
        column_type: int64, or string (which float32 stands for, too).

    Returns:
        Strings or int64 [n]; a text is cut to its second, or what of it the format tells.
    """
    said = spelling.format
    is_text = column_type != "int64"
    if isinstance(spelling, DaysSince) and spelling.unit is None and said is None:
        said = "%Y-%m-%d" if is_text else "%Y%m%d"
    elif spelling.unit == "iso8601" or (spelling.unit is None and said is None and is_text):
        said = "%Y-%m-%dT%H:%M:%SZ" if is_text else "%Y%m%d"
    if said is None:
        times, over = _TICKS[spelling.count_unit]
        counts = pa.array(instants * times // over)
        return counts.cast(pa.string()) if is_text else counts
    zone = "UTC" if "%Z" in said or said.endswith("SZ") else timezone
    seconds = pa.array(instants // SECOND, pa.timestamp("s", "UTC")).cast(pa.timestamp("s", zone))
    written = re.sub("%(.)", lambda part: _NO_DIRECTIVE.get(part[1], part[0]), said)
    texts = pc.strftime(seconds, written)
    return texts if is_text else texts.cast(pa.int64())
