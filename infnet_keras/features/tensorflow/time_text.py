"""Texts of times taken apart inside a SavedModel: `numpy.time_text` in TensorFlow ops."""

from typing import NamedTuple

import tensorflow as tf

from infnet_keras.features.calendar import HOUR, MINUTE, wall_clock
from infnet_keras.features.numpy.time_text import (
    MICROSECONDS,
    MONTHS,
    MOST_MICROSECONDS,
    NUMBER,
    WHOLE,
)
from infnet_keras.spec.time_format import TextPattern
from infnet_keras.spec.time_spelling import TimeUnit


class WallClock(NamedTuple):
    """What texts say; tensors of the texts' shape, see `numpy.time_text.WallClock`."""

    wall: tf.Tensor
    found: tf.Tensor
    is_local: tf.Tensor
    offset: tf.Tensor


def parse_text(texts: tf.Tensor, pattern: TextPattern) -> WallClock:
    """Take texts of any shape apart."""
    found = tf.strings.regex_full_match(texts, pattern.strict)

    def text(name: str) -> tf.Tensor:
        if name not in pattern.parts:
            return tf.zeros_like(texts)
        group = pattern.parts.index(name) + 1
        part = tf.strings.regex_replace(texts, pattern.regex, rf"\{group}")
        return tf.where(found, part, "")

    parts = {name: _number(text(name)) for name in pattern.numbers}
    if "fraction" in pattern.parts:
        parts["milli"] = _first_digits(text("fraction"), 3)
    if "month_name" in pattern.parts:
        name = tf.strings.lower(tf.strings.substr(text("month_name"), 0, 3))
        numbers = [tf.cast(name == month, tf.int64) * (n + 1) for n, month in enumerate(MONTHS)]
        parts["month_name"] = tf.add_n(numbers)
    if "half" in pattern.parts:
        parts["half"] = tf.cast(tf.strings.regex_full_match(text("half"), "[Pp].*"), tf.int64)
    wall, exists = wall_clock(parts)
    offset_text = text("offset")
    hour_minute = _first_digits(tf.strings.regex_replace(offset_text, "[^0-9]", ""), 4)
    hours, minutes = hour_minute // 100, hour_minute % 100
    size = hours * HOUR + minutes * MINUTE
    return WallClock(
        wall,
        found & exists & (hours <= 23) & (minutes <= 59),
        offset_text == "",
        tf.where(tf.strings.regex_full_match(offset_text, "-.*"), -size, size),
    )


def parse_number(
    texts: tf.Tensor, unit: TimeUnit
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Decimal numbers in text; returns what `numpy.time_text.parse_number` does."""
    exact, is_number = (tf.strings.regex_full_match(texts, form) for form in (WHOLE, NUMBER))
    unsigned = tf.strings.regex_replace(texts, r"\A\+", "")
    number = tf.strings.to_number(tf.where(is_number, unsigned, "0"), tf.float64)
    bounded = tf.clip_by_value(
        number * MICROSECONDS[unit],
        tf.constant(-MOST_MICROSECONDS, tf.float64),
        tf.constant(MOST_MICROSECONDS, tf.float64),
    )
    whole = _number(tf.where(exact, unsigned, "0"))
    return exact, whole, is_number, tf.cast(tf.round(bounded), tf.int64)


def _first_digits(digits: tf.Tensor, count: int) -> tf.Tensor:
    return _number(tf.strings.substr(tf.strings.join([digits, "0" * count]), 0, count))


def _number(digits: tf.Tensor) -> tf.Tensor:
    return tf.strings.to_number(tf.where(digits == "", "0", digits), tf.int64)
