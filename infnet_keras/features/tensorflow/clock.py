"""Local time inside a SavedModel: `clock` in TensorFlow ops, tensors of any shape."""

import numpy as np
import tensorflow as tf

from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy import clock
from infnet_keras.spec.sources import Time


def to_epoch_ms(values: tf.Tensor, time: Time) -> tf.Tensor:
    """Instants of int64 values in the unit of `time`, or of strings where that is iso8601.

    Returns:
        int64 milliseconds since 1970 UTC, MISSING_INTEGER where missing or impossible.
    """
    if time.unit == "iso8601":
        return _parse_iso8601(values, clock.zone_offsets(time.timezone))
    count = tf.cast(values, tf.int64)
    if time.unit == "s":
        first = clock.FIRST_INSTANT // clock.SECOND - 1
        last = clock.LAST_INSTANT // clock.SECOND + 1
        return _possible(tf.clip_by_value(count, first, last) * clock.SECOND)
    return _possible(count // clock.DIVISORS[time.unit])


def local_day(instants: tf.Tensor, timezone: str) -> tf.Tensor:
    """Days from 1970-01-01 to each instant's local date; int64."""
    return _known(instants, _local(instants, timezone) // clock.DAY)


def hour_of_day(instants: tf.Tensor, timezone: str) -> tf.Tensor:
    """Hour that the local clock shows at each instant, 0 to 23; int64."""
    return _known(instants, _local(instants, timezone) // clock.HOUR % 24)


def day_of_week(instants: tf.Tensor, timezone: str) -> tf.Tensor:
    """Weekday of each instant's local date, Monday 0 to Sunday 6; int64."""
    return _known(instants, (_local(instants, timezone) // clock.DAY + 3) % 7)


def parse_dates(values: tf.Tensor) -> tf.Tensor:
    """Days from 1970-01-01 to the date that each string starts with; float32, NaN without one."""
    matched = tf.strings.regex_full_match(values, clock.DATE_AND_MORE)
    year, month, day = _date(tf.where(matched, values, "1970-01-01"))
    days = tf.cast(clock.days_from_civil(year, month, day), tf.float32)
    return tf.where(matched & clock.is_date(year, month, day), days, np.nan)


def days_since(instants: tf.Tensor, timezone: str, dates: tf.Tensor) -> tf.Tensor:
    """Whole days from a date to the local date of an instant; float32, NaN where one is missing.

    `dates` may have more axes than `instants`: each of them is compared with its leading
    element's instant.
    """
    today = local_day(instants, timezone)
    days = tf.where(today == MISSING_INTEGER, np.nan, tf.cast(today, tf.float32))
    for _ in range(dates.shape.rank - days.shape.rank):
        days = days[..., tf.newaxis]
    return days - parse_dates(dates)


def _local(instants: tf.Tensor, timezone: str) -> tf.Tensor:
    zone = clock.zone_offsets(timezone)
    known = tf.where(instants == MISSING_INTEGER, tf.zeros_like(instants), instants)
    return known + _lookup(zone.starts, zone.offsets, known)


def _lookup(starts: clock.Integers, offsets: clock.Integers, at: tf.Tensor) -> tf.Tensor:
    place = tf.searchsorted(starts, tf.reshape(at, [-1]), side="right") - 1
    return tf.reshape(tf.gather(offsets, place), tf.shape(at))


def _known(instants: tf.Tensor, read: tf.Tensor) -> tf.Tensor:
    return tf.where(instants == MISSING_INTEGER, MISSING_INTEGER, read)


def _possible(instants: tf.Tensor) -> tf.Tensor:
    inside = (instants >= clock.FIRST_INSTANT) & (instants <= clock.LAST_INSTANT)
    return tf.where(inside, instants, MISSING_INTEGER)


def _date(texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    year = _number(tf.strings.substr(texts, 0, 4))
    return year, _number(tf.strings.substr(texts, 5, 2)), _number(tf.strings.substr(texts, 8, 2))


def _number(digits: tf.Tensor) -> tf.Tensor:
    return tf.strings.to_number(tf.where(digits == "", "0", digits), tf.int64)


def _parse_iso8601(texts: tf.Tensor, zone: clock.ZoneOffsets) -> tf.Tensor:
    matched = tf.strings.regex_full_match(texts, clock.ISO8601)
    safe = tf.where(matched, texts, "1970-01-01")

    def part(group: int) -> tf.Tensor:
        return tf.strings.regex_replace(safe, clock.ISO8601, rf"\{group}")

    year, month, day = _date(safe)
    hour, minute, second = _number(part(4)), _number(part(5)), _number(part(6))
    milli = _number(tf.strings.substr(tf.strings.join([part(7), "000"]), 0, 3))
    offset_text = part(8)
    offset = _number(tf.strings.regex_replace(offset_text, "[^0-9]", ""))
    offset_hour, offset_minute = offset // 100, offset % 100
    found = (
        matched
        & clock.is_date(year, month, day)
        & ((hour <= 23) & (minute <= 59) & (second <= 59))
        & ((offset_hour <= 23) & (offset_minute <= 59))
    )
    wall = clock.days_from_civil(year, month, day) * clock.DAY
    wall += hour * clock.HOUR + minute * clock.MINUTE + second * clock.SECOND + milli
    size = offset_hour * clock.HOUR + offset_minute * clock.MINUTE
    given = tf.where(tf.strings.regex_full_match(offset_text, "-.*"), -size, size)
    local = _lookup(zone.wall_starts, zone.offsets, wall)
    instants = wall - tf.where(offset_text == "", local, given)
    return _possible(tf.where(found, instants, MISSING_INTEGER))
