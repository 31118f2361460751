"""Made-up instants as a log spells them."""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.conversion import ARROW_TYPES
from infnet_keras.features.calendar import SECOND
from infnet_keras.spec.sources import ColumnType
from infnet_keras.spec.time_spelling import TimeSpelling

_TICKS = {"s": (1, 1000), "ms": (1, 1), "us": (1000, 1), "ns": (1_000_000, 1)}


def spelt_times(
    instants: npt.NDArray[np.int64],
    spelling: TimeSpelling,
    timezone: str,
    declared: ColumnType | None,
) -> pa.Array:
    """Instants as a column of the log.

    Args:
        instants: int64 [n] milliseconds.
        spelling: unit or format.
        timezone: whose clock a text shows, unless it gives its offset.
        declared: the column's type in the spec.

    Returns:
        Strings or int64 [n]; a text without a fraction is cut to its second.
    """
    if spelling.format is not None:
        seconds = pa.array(instants // SECOND, pa.timestamp("s", "UTC"))
        local = seconds.cast(pa.timestamp("s", timezone))
        # Arrow has no %f, and its %Z is the zone's own name, which no text may say.
        fixed = {"f": "000000", "Z": "UTC"}
        written = re.sub("%(.)", lambda said: fixed.get(said[1], said[0]), spelling.format)
        texts = pc.strftime(seconds if "%Z" in spelling.format else local, written)
        return texts.cast(ARROW_TYPES["string" if declared != "int64" else "int64"])
    if spelling.unit == "iso8601":
        return pc.strftime(pa.array(instants, pa.timestamp("ms", "UTC")), "%Y-%m-%dT%H:%M:%SZ")
    times, over = _TICKS[spelling.count_unit]
    counts = pa.array(instants * times // over)
    return counts if declared in (None, "int64") else counts.cast(pa.string())
