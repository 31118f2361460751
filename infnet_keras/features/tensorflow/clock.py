"""Local time inside a SavedModel: `numpy.clock` in TensorFlow ops, tensors of any shape."""

import numpy as np
import tensorflow as tf

from infnet_keras.features.calendar import DAY, FIRST_INSTANT, HOUR, LAST_INSTANT, SECOND
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.clock import DIVISORS
from infnet_keras.features.tensorflow.time_text import WallClock, parse_number, parse_text
from infnet_keras.features.time_zone import Integers, zone_offsets
from infnet_keras.spec.derived.since import DaysSince
from infnet_keras.spec.sources import Time
from infnet_keras.spec.time_format import DATE_AND_MORE, ISO8601
from infnet_keras.spec.time_spelling import TimeSpelling, TimeUnit


def to_epoch_ms(values: tf.Tensor, time: Time) -> tf.Tensor:
    """Instants of int64 values or strings, as `time` spells them.

    Returns:
        int64 milliseconds since 1970 UTC, MISSING_INTEGER where missing or impossible.
    """
    return _instants(values, time, time.timezone)


def local_day(instants: tf.Tensor, timezone: str) -> tf.Tensor:
    """Days from 1970-01-01 to each instant's local date; int64."""
    return _known(instants, _local(instants, timezone) // DAY)


def hour_of_day(instants: tf.Tensor, timezone: str) -> tf.Tensor:
    """Hour that the local clock shows at each instant, 0 to 23; int64."""
    return _known(instants, _local(instants, timezone) // HOUR % 24)


def day_of_week(instants: tf.Tensor, timezone: str) -> tf.Tensor:
    """Weekday of each instant's local date, Monday 0 to Sunday 6; int64."""
    return _known(instants, (_local(instants, timezone) // DAY + 3) % 7)


def parse_dates(values: tf.Tensor, date: DaysSince, timezone: str) -> tf.Tensor:
    """Days from 1970-01-01 to each date, as `date` spells it; float32, NaN without one."""
    if date.unit is not None or date.format is not None:
        return _as_float(local_day(_instants(values, date, timezone), timezone))
    texts = _texts(values)
    written, read = parse_text(texts, DATE_AND_MORE), parse_text(texts, ISO8601)
    days = tf.where(written.found, written.wall // DAY, MISSING_INTEGER)
    with_offset = read.found & ~read.is_local
    return _as_float(tf.where(with_offset, local_day(_at(read, timezone), timezone), days))


def days_since(instants: tf.Tensor, timezone: str, dates: tf.Tensor, date: DaysSince) -> tf.Tensor:
    """Whole days from a date to the local date of an instant; float32, NaN where one is missing.

    `dates` may have more axes than `instants`: each of them is compared with its leading
    element's instant.
    """
    days = _as_float(local_day(instants, timezone))
    for _ in range(dates.shape.rank - days.shape.rank):
        days = days[..., tf.newaxis]
    return days - parse_dates(dates, date, timezone)


def _instants(values: tf.Tensor, spelling: TimeSpelling, timezone: str) -> tf.Tensor:
    unit = spelling.count_unit
    if values.dtype != tf.string and not spelling.is_text:
        return _counted(tf.cast(values, tf.int64), unit)
    texts = _texts(values)
    if spelling.pattern is not None:
        return _at(parse_text(texts, spelling.pattern), timezone)
    exact, whole, number, microseconds = parse_number(texts, unit)
    found = tf.where(number, _possible(microseconds // 1000), MISSING_INTEGER)
    return tf.where(exact, _counted(whole, unit), found)


def _texts(values: tf.Tensor) -> tf.Tensor:
    if values.dtype == tf.string:
        return values
    return tf.where(values == MISSING_INTEGER, "", tf.strings.as_string(values))


def _counted(count: tf.Tensor, unit: TimeUnit) -> tf.Tensor:
    if unit == "s":
        first, last = FIRST_INSTANT // SECOND - 1, LAST_INSTANT // SECOND + 1
        return _possible(tf.clip_by_value(count, first, last) * SECOND)
    return _possible(count // DIVISORS[unit])


def _at(clock: WallClock, timezone: str) -> tf.Tensor:
    zone = zone_offsets(timezone)
    local = _lookup(zone.wall_starts, zone.offsets, clock.wall)
    instants = clock.wall - tf.where(clock.is_local, local, clock.offset)
    return _possible(tf.where(clock.found, instants, MISSING_INTEGER))


def _as_float(days: tf.Tensor) -> tf.Tensor:
    return tf.where(days == MISSING_INTEGER, np.nan, tf.cast(days, tf.float32))


def _local(instants: tf.Tensor, timezone: str) -> tf.Tensor:
    zone = zone_offsets(timezone)
    known = tf.where(instants == MISSING_INTEGER, tf.zeros_like(instants), instants)
    return known + _lookup(zone.starts, zone.offsets, known)


def _lookup(starts: Integers, offsets: Integers, at: tf.Tensor) -> tf.Tensor:
    place = tf.searchsorted(starts, tf.reshape(at, [-1]), side="right") - 1
    return tf.reshape(tf.gather(offsets, place), tf.shape(at))


def _known(instants: tf.Tensor, read: tf.Tensor) -> tf.Tensor:
    return tf.where(instants == MISSING_INTEGER, MISSING_INTEGER, read)


def _possible(instants: tf.Tensor) -> tf.Tensor:
    inside = (instants >= FIRST_INSTANT) & (instants <= LAST_INSTANT)
    return tf.where(inside, instants, MISSING_INTEGER)
