"""Every derived kind has its kernels, and local times are those of Python's calendar."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infnet_keras.data.history.derived_values import SENT
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy import clock
from infnet_keras.features.numpy import derived as numpy_kernels
from infnet_keras.spec.derived.derivation import Derivation
from infnet_keras.spec.derived.history import HistoryCount, HistoryRate
from infnet_keras.spec.derived.local_time import LOCAL_TIME
from infnet_keras.spec.derived.since import DaysSince, SecondsSince

REFERENCE: dict[str, Callable[[datetime], int]] = {
    "hour_of_day": lambda local: local.hour,
    "day_of_week": lambda local: local.weekday(),
    "day_of_month": lambda local: local.day - 1,
}
ARGUMENTS: list[Derivation] = [
    DaysSince(column="born"),
    HistoryCount(sequence="view"),
    HistoryCount(sequence="view", same="item"),
    HistoryRate(sequence="click", of="view"),
    HistoryRate(sequence="click", of="view", same="item"),
    SecondsSince(sequence="view"),
]
ZONES = ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]
INSTANTS = st.lists(
    st.none() | st.integers(clock.FIRST_INSTANT + clock.DAY, clock.LAST_INSTANT - clock.DAY),
    min_size=1,
    max_size=8,
)
LEAP = [
    datetime(2024, 2, 29, 23, 59),
    datetime(1900, 3, 1),
    datetime(2000, 2, 29),
    datetime(1, 1, 3),
]


def instant(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        milliseconds=1
    )


def expected(name: str, instants: list[int | None], zone: str) -> list[int]:
    """By Python's own calendar, offsets being those of the clock's table."""
    table = clock.zone_offsets(zone)
    found = []
    for value in instants:
        if value is None:
            found.append(MISSING_INTEGER)
            continue
        offset = int(table.offsets[np.searchsorted(table.starts, value, side="right") - 1])
        local = datetime(1970, 1, 1) + timedelta(milliseconds=value + offset)
        found.append(REFERENCE[name](local))
    return found


def test_every_local_time_has_a_reference() -> None:
    assert REFERENCE.keys() == LOCAL_TIME.keys()


@pytest.mark.parametrize("kind", [*LOCAL_TIME.values(), *ARGUMENTS], ids=lambda k: k.describe())
def test_every_kind_has_a_kernel_of_each_engine(kind: Derivation) -> None:
    kernels = SENT if kind.is_sent else numpy_kernels.KERNELS
    assert type(kind) in kernels
    assert not (kind.is_sent and (kind.columns or kind.reads_time))


@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize("kind", [*LOCAL_TIME.values(), *ARGUMENTS], ids=lambda k: k.describe())
def test_every_kind_has_a_kernel_inside_a_saved_model(kind: Derivation) -> None:
    from infnet_keras.features.tensorflow.derived import KERNELS

    assert kind.is_sent or type(kind) in KERNELS


@pytest.mark.parametrize("name", LOCAL_TIME)
@settings(derandomize=True, deadline=None)
@given(instants=INSTANTS, zone=st.sampled_from(ZONES))
def test_local_times(name: str, instants: list[int | None], zone: str) -> None:
    instants = [*instants, *map(instant, LEAP)]
    given_instants = np.array([MISSING_INTEGER if i is None else i for i in instants], np.int64)
    rows: Any = SimpleNamespace(instants=given_instants, timezone=zone)
    found = numpy_kernels.derived(LOCAL_TIME[name], rows)
    assert found.dtype == np.int64
    assert found.tolist() == expected(name, instants, zone)
    values = LOCAL_TIME[name].values
    assert values is not None
    assert all(value == MISSING_INTEGER or 0 <= value < values for value in found.tolist())


def test_python_agrees_about_a_zone() -> None:
    moment = datetime(2024, 7, 1, 20, tzinfo=UTC)
    for zone in ZONES:
        local = moment.astimezone(ZoneInfo(zone))
        for name in LOCAL_TIME:
            assert expected(name, [instant(moment)], zone) == [REFERENCE[name](local)]


@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize("name", LOCAL_TIME)
def test_local_times_inside_a_saved_model(name: str) -> None:
    import tensorflow as tf

    from infnet_keras.features.tensorflow.derived import derived

    random = np.random.default_rng(7)
    drawn = random.integers(clock.FIRST_INSTANT + clock.DAY, clock.LAST_INSTANT - clock.DAY, 4000)
    instants = [None, *map(instant, LEAP), *drawn.tolist()]
    given_instants = [MISSING_INTEGER if i is None else i for i in instants]
    for zone in ZONES:

        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int64)])
        def call(values: Any, zone: str = zone) -> Any:
            return derived(LOCAL_TIME[name], SimpleNamespace(instants=values, timezone=zone))

        found = call(tf.constant([given_instants], tf.int64))
        assert found.dtype == tf.int64
        assert found.numpy()[0].tolist() == expected(name, instants, zone)
