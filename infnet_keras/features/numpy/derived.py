"""Values that are computed from a row: Arrow and NumPy. One kernel for each kind."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.history_number import history_number
from infnet_keras.features.numpy import clock
from infnet_keras.features.time_zone import Integers
from infnet_keras.spec.derived.derivation import Derivation
from infnet_keras.spec.derived.history import HistoryCount, HistoryRate
from infnet_keras.spec.derived.local_time import DayOfMonth, DayOfWeek, HourOfDay
from infnet_keras.spec.derived.since import DaysSince


class Rows(Protocol):
    """The rows whose values are computed: those of a raw batch, or the events of a partition."""

    @property
    def timezone(self) -> str:
        """Whose days and hours count."""

    @property
    def instants(self) -> Integers:
        """The time of each row, milliseconds; MISSING_INTEGER where there is none."""

    def column(self, name: str) -> pa.Array | npt.NDArray[Any]:
        """The raw values of a column, one a row."""

    def shared(self, sequence: str, column: str) -> Integers:
        """How many steps of each row's history have the row's own value of a column."""


def derived(derivation: Derivation, rows: Rows) -> npt.NDArray[Any]:
    """The value of a derived field that is not sent, of every row.

    Args:
        derivation: what is computed.
        rows: from what.

    Returns:
        int64 (MISSING_INTEGER: missing) or float32 (NaN: missing), one a row.
    """
    return KERNELS[type(derivation)](derivation, rows)


def _hour_of_day(_: HourOfDay, rows: Rows) -> Integers:
    return clock.hour_of_day(rows.instants, rows.timezone)


def _day_of_week(_: DayOfWeek, rows: Rows) -> Integers:
    return clock.day_of_week(rows.instants, rows.timezone)


def _day_of_month(_: DayOfMonth, rows: Rows) -> Integers:
    days = clock.local_day(rows.instants, rows.timezone)
    missing = days == MISSING_INTEGER
    dates = np.where(missing, 0, days).astype("datetime64[D]")
    place = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    return np.where(missing, MISSING_INTEGER, place)


def _days_since(derivation: DaysSince, rows: Rows) -> npt.NDArray[np.float32]:
    dates = rows.column(derivation.column)
    return clock.days_since(rows.instants, rows.timezone, dates, derivation)


def _shared(derivation: HistoryCount, rows: Rows) -> npt.NDArray[np.float32]:
    return history_number(derivation, lambda name: rows.shared(name, str(derivation.same)))


KERNELS: dict[type[Derivation], Callable[[Any, Rows], npt.NDArray[Any]]] = {
    HourOfDay: _hour_of_day,
    DayOfWeek: _day_of_week,
    DayOfMonth: _day_of_month,
    DaysSince: _days_since,
    HistoryCount: _shared,
    HistoryRate: _shared,
}
