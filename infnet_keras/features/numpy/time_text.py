"""Texts of times taken apart, for local work. `tensorflow.time_text` is the same."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.features.calendar import HOUR, MINUTE, wall_clock
from infnet_keras.features.time_zone import Integers
from infnet_keras.spec.time_format import TextPattern
from infnet_keras.spec.time_spelling import TimeUnit

Flags = npt.NDArray[np.bool_]

WHOLE = r"\A[+-]?[0-9]{1,18}\z"
NUMBER = r"\A[+-]?(?:[0-9]{1,20}\.?[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,2})?\z"
MICROSECONDS = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
MOST_MICROSECONDS = 1e18  # far beyond the year 9999
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


class WallClock(NamedTuple):
    """What texts say.

    Args:
        wall: int64 [n] milliseconds since 1970-01-01 00:00 of the clock that a text speaks of.
        found: bool [n], whether the text tells a time; the rest means nothing where not.
        is_local: bool [n], whether it leaves its offset from UTC out.
        offset: int64 [n] milliseconds, the offset from UTC that it gives.
    """

    wall: Integers
    found: Flags
    is_local: Flags
    offset: Integers


def parse_text(texts: pa.Array, pattern: TextPattern) -> WallClock:
    """Take texts apart.

    Args:
        texts: binary [n] without nulls.
        pattern: how they are spelt.
    """
    groups = pc.extract_regex(texts, pattern.regex)
    found = _flags(groups.is_valid()) & _flags(pc.match_substring_regex(texts, pattern.strict))

    def text(name: str) -> pa.Array:
        if name not in pattern.parts:
            return pa.array(np.full(len(texts), ""), pa.string())
        return pc.struct_field(groups, name).fill_null(b"").cast(pa.string())

    parts = {name: _number(text(name)) for name in pattern.numbers}
    if "fraction" in pattern.parts:
        padded = pc.utf8_rpad(pc.utf8_slice_codeunits(text("fraction"), 0, 3), 3, "0")
        parts["milli"] = _number(padded)
    if "month_name" in pattern.parts:
        name = pc.utf8_lower(pc.utf8_slice_codeunits(text("month_name"), 0, 3))
        place = pc.index_in(name, value_set=pa.array(MONTHS))
        parts["month_name"] = pc.fill_null(place, -1).to_numpy().astype(np.int64) + 1
    if "half" in pattern.parts:
        afternoon = pc.starts_with(text("half"), "p", ignore_case=True)
        parts["half"] = _flags(afternoon).astype(np.int64)
    wall, exists = wall_clock(parts)
    offset_text = text("offset")
    digits = pc.utf8_rpad(pc.replace_substring_regex(offset_text, "[^0-9]", ""), 4, "0")
    hour_minute = _number(digits)
    hours, minutes = hour_minute // 100, hour_minute % 100
    sign = np.where(_flags(pc.starts_with(offset_text, "-")), -1, 1)
    return WallClock(
        wall,
        found & exists & (hours <= 23) & (minutes <= 59),
        _flags(pc.equal(offset_text, "")),
        sign * (hours * HOUR + minutes * MINUTE),
    )


def parse_number(texts: pa.Array, unit: TimeUnit) -> tuple[Flags, Integers, Flags, Integers]:
    """Decimal numbers in text.

    Args:
        texts: binary [n] without nulls.
        unit: what they count.

    Returns:
        Whether each is a whole number, and that number; whether it is any number, and that in
        microseconds, about which is how exact a float of today's seconds is.
    """
    exact, is_number = (_flags(pc.match_substring_regex(texts, form)) for form in (WHOLE, NUMBER))
    unsigned = pc.replace_substring_regex(texts, r"\A\+", "")
    whole, number = (
        pc.if_else(pa.array(which), unsigned, pa.scalar(b"0", unsigned.type)).cast(pa.string())
        for which in (exact, is_number)
    )
    microseconds = number.cast(pa.float64()).to_numpy() * MICROSECONDS[unit]
    bounded = np.clip(microseconds, -MOST_MICROSECONDS, MOST_MICROSECONDS)
    return exact, _number(whole), is_number, np.rint(bounded).astype(np.int64)


def _flags(values: pa.Array) -> Flags:
    flags: Flags = values.to_numpy(zero_copy_only=False).astype(bool)
    return flags


def _number(text: pa.Array) -> Integers:
    filled = pc.if_else(pc.equal(text, ""), "0", text)
    number: Integers = filled.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return number
