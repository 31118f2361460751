"""Which impressions are training, validation and test."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from infnet_keras.data.history.instant_counts import InstantCounts
from infnet_keras.data.history.splits import SplitRule, split_starts
from infnet_keras.errors import DataError
from infnet_keras.features.numpy.clock import local_day
from infnet_keras.spec import Time, load_spec

CLOCK = Time(column="time")
LOG_ORDER = Time(row_order="log")


def test_days_split_by_the_calendar() -> None:
    days = np.array(["2022-05-03", "2022-05-04", "2022-05-05", "2022-06-01"], "datetime64[ms]")
    rule = SplitRule(CLOCK, "2022-05-04", "2022-05-05")
    assert rule.by_time(days.astype(np.int64)).tolist() == [1, 2, 3, 3]


@pytest.mark.parametrize("timezone", ["UTC", "Asia/Shanghai", "America/Sao_Paulo", "Asia/Gaza"])
def test_days_begin_at_local_midnight(timezone) -> None:
    """Also on days whose midnight a clock skips or shows twice."""
    first = np.datetime64("2010-09-20", "ms").astype(np.int64)
    instants = first + 1_800_000 * np.arange(48 * 60)
    days = local_day(instants, timezone)
    for number in range(int(days.min()) + 1, int(days.max())):
        start = str(np.datetime64(number, "D"))
        rule = SplitRule(Time(column="time", timezone=timezone), start, start)
        assert ((rule.by_time(instants) == 3) == (days >= number)).all(), start


def test_times_split_a_day() -> None:
    clock = Time(column="time", timezone="Asia/Shanghai")
    times = ["2022-05-03T15:59", "2022-05-04T03:59", "2022-05-04T04:00", "2022-05-04T10:30"]
    rule = SplitRule(clock, "2022-05-04 12:00", "2022-05-04T18:30")
    instants = np.array(times, "datetime64[ms]").astype(np.int64)
    assert rule.by_time(instants).tolist() == [1, 1, 2, 3]
    utc = SplitRule(clock, "2022-05-04T04:00+00:00", "2022-05-04 10:30Z")
    assert utc.by_time(instants).tolist() == [1, 1, 2, 3]


def test_equal_days_leave_no_validation() -> None:
    rule = SplitRule(CLOCK, "1970-01-02", "1970-01-02")
    assert rule.by_time(86_400_000 * np.array([0, 1, 2])).tolist() == [1, 3, 3]


def test_fractions_split_by_position() -> None:
    rule = SplitRule(LOG_ORDER, "0.5", 0.8)
    assert rule.by_position(np.arange(10), 10).tolist() == [1] * 5 + [2] * 3 + [3] * 2
    assert rule.by_position(np.array([0, 1, 0]), np.array([2, 2, 1])).tolist() == [1, 2, 1]


def test_fractions_of_a_log_with_a_clock_are_cut_at_an_instant() -> None:
    instants = 3_600_000 * np.array([0, 1, 1, 2, 3, 3, 3, 3, 4, 5])
    counts = InstantCounts()
    counts.add(instants)
    rule = SplitRule(CLOCK, "0.5", 0.9)
    assert rule.asks_instants
    rule = rule.at_instants(counts)
    assert not rule.asks_instants
    assert rule.by_time(instants).tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 2, 3]
    assert str(rule) == (
        "validation starts at 1970-01-01 03:00:00.000, the test at 1970-01-01 05:00:00.000"
    )
    mixed = SplitRule(CLOCK, 0.4, "1970-01-01 04:00").at_instants(counts)
    assert mixed.by_time(instants).tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3]
    with pytest.raises(DataError, match=r"validation starts at 0\.9, after the test's start"):
        SplitRule(CLOCK, 0.9, "1970-01-01 04:00").at_instants(counts)


@pytest.mark.parametrize(
    ("time", "valid_from", "test_from", "said"),
    [
        (CLOCK, "2022-05-05", "2022-05-04", "after the test's start"),
        (CLOCK, "2022-05-05", "2022-05-04 23:00", "after the test's start"),
        (CLOCK, "1.8", "0.9", "'1.8' is not a day such as .* fraction of the rows such as 0.8"),
        (CLOCK, 0.0, 0.9, "0.0 is not a day such as"),
        (CLOCK, 0.9, 0.8, "after the test's start"),
        (CLOCK, "2022-02-30", "2022-03-01", "'2022-02-30' is not a day"),
        (LOG_ORDER, "2022-05-04", "2022-05-05", "'2022-05-04' is not a number such as 0.8"),
        (LOG_ORDER, 0.8, 1.5, "1.5 is not a number"),
        (LOG_ORDER, 0.0, 0.5, "0.0 is not a number"),
        (LOG_ORDER, "nan", 0.5, "'nan' is not a number"),
        (LOG_ORDER, 0.9, 0.8, "after the test's start"),
    ],
)
def test_what_cannot_split_is_refused(time, valid_from, test_from, said) -> None:
    with pytest.raises(DataError, match=said):
        SplitRule(time, valid_from, test_from)


def test_what_is_given_comes_before_the_spec() -> None:
    spec = load_spec("qb_video")
    assert split_starts(spec) == (0.8, 0.9)
    assert split_starts(spec, test_from="0.95") == (0.8, "0.95")
    with pytest.raises(DataError, match="give --valid-from and --test-from"):
        split_starts(load_spec("minimal"), valid_from="2024-01-01")


def test_what_comes_before_training_is_history() -> None:
    time = Time(column="time", unit="s", timezone="Asia/Shanghai")
    rule = SplitRule(time, "2022-05-04", "2022-05-05", train_from="2022-05-03 12:00")
    days = ["2022-05-01", "2022-05-03T11:59", "2022-05-03T12:00", "2022-05-04", "2022-05-05"]
    zone = ZoneInfo("Asia/Shanghai")
    instants = [datetime.fromisoformat(day).replace(tzinfo=zone).timestamp() for day in days]
    assert rule.by_time(np.array(instants, np.int64) * 1000).tolist() == [0, 0, 1, 2, 3]
    fractions = SplitRule(Time(row_order="log"), 0.8, 0.9, train_from=0.5)
    assert fractions.by_position(np.arange(10), 10).tolist() == [0] * 5 + [1] * 3 + [2, 3]


def test_training_starts_before_validation() -> None:
    with pytest.raises(DataError, match=r"training starts at 0\.8, not before .* start 0\.8"):
        SplitRule(Time(row_order="log"), 0.8, 0.9, train_from=0.8)
