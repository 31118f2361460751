"""Values that are computed from a row, inside a SavedModel. One kernel for each kind."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.tensorflow import clock
from infnet_keras.spec.derived.derivation import Derivation
from infnet_keras.spec.derived.history import HistoryCount, HistoryRate
from infnet_keras.spec.derived.local_time import DayOfMonth, DayOfWeek, HourOfDay
from infnet_keras.spec.derived.since import DaysSince


class Rows(Protocol):
    """The rows whose values are computed; the tensors of items may have an axis of candidates."""

    @property
    def timezone(self) -> str:
        """Whose days and hours count."""

    @property
    def instants(self) -> tf.Tensor:
        """int64, the time of each row, milliseconds; MISSING_INTEGER where there is none."""

    def column(self, name: str) -> tf.Tensor:
        """The raw values of a column."""

    def shared(self, sequence: str, column: str) -> tf.Tensor:
        """int64, how many steps of the history have the row's own value of a column."""


def derived(derivation: Derivation, rows: Rows) -> tf.Tensor:
    """The value of a derived field that is not sent, of every row.

    Args:
        derivation: what is computed.
        rows: from what.

    Returns:
        int64 (MISSING_INTEGER: missing) or float32 (NaN: missing), in the shape of what it is
        computed from.
    """
    return KERNELS[type(derivation)](derivation, rows)


def _hour_of_day(_: HourOfDay, rows: Rows) -> tf.Tensor:
    return clock.hour_of_day(rows.instants, rows.timezone)


def _day_of_week(_: DayOfWeek, rows: Rows) -> tf.Tensor:
    return clock.day_of_week(rows.instants, rows.timezone)


def _day_of_month(_: DayOfMonth, rows: Rows) -> tf.Tensor:
    days = clock.local_day(rows.instants, rows.timezone)
    missing = days == MISSING_INTEGER
    # Days since 1 March of the year 0: leap days end years, and years end their 400-year cycle.
    day = (tf.where(missing, tf.zeros_like(days), days) + 719_468) % 146_097
    year = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    of_year = day - (365 * year + year // 4 - year // 100)
    of_month = of_year - (153 * ((5 * of_year + 2) // 153) + 2) // 5
    return tf.where(missing, days, of_month)


def _days_since(derivation: DaysSince, rows: Rows) -> tf.Tensor:
    dates = rows.column(derivation.column)
    return clock.days_since(rows.instants, rows.timezone, dates, derivation)


def _shared_count(derivation: HistoryCount, rows: Rows) -> tf.Tensor:
    return tf.cast(rows.shared(derivation.sequence, str(derivation.same)), tf.float32)


def _shared_rate(derivation: HistoryRate, rows: Rows) -> tf.Tensor:
    count = tf.cast(rows.shared(derivation.sequence, str(derivation.same)), tf.float64)
    of = tf.cast(rows.shared(derivation.of, str(derivation.same)), tf.float64)
    above, below = count + derivation.strength * derivation.prior, of + derivation.strength
    return tf.cast(tf.where(below > 0, above / below, np.nan), tf.float32)


KERNELS: dict[type[Derivation], Callable[[Any, Rows], tf.Tensor]] = {
    HourOfDay: _hour_of_day,
    DayOfWeek: _day_of_week,
    DayOfMonth: _day_of_month,
    DaysSince: _days_since,
    HistoryCount: _shared_count,
    HistoryRate: _shared_rate,
}
