"""Local time against Python's own datetime and zoneinfo."""

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infnet_keras.errors import DataError
from infnet_keras.features.calendar import FIRST_INSTANT, LAST_INSTANT, days_from_civil, is_date
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.clock import (
    day_of_week,
    days_since,
    hour_of_day,
    local_day,
    parse_dates,
    to_epoch_ms,
)
from infnet_keras.features.time_zone import zone_offsets
from infnet_keras.spec import Time
from infnet_keras.spec.derived.since import DaysSince

ZONES = ["UTC", "Europe/Berlin", "Asia/Shanghai", "America/New_York", "Asia/Kolkata"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 12, 30), timezones=st.just(UTC))


def milliseconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def time(unit: str, timezone: str = "UTC") -> Time:
    return Time.model_validate({"column": "t", "unit": unit, "timezone": timezone})


@settings(derandomize=True, deadline=None)
@given(st.lists(INSTANTS, min_size=1), st.sampled_from(ZONES))
def test_local_clock(instants, timezone):
    local = [instant.astimezone(ZoneInfo(timezone)) for instant in instants]
    at = np.array([milliseconds(instant) for instant in instants])
    assert hour_of_day(at, timezone).tolist() == [t.hour for t in local]
    assert day_of_week(at, timezone).tolist() == [t.weekday() for t in local]
    days = [(t.date() - date(1970, 1, 1)).days for t in local]
    assert local_day(at, timezone).tolist() == days


@pytest.mark.parametrize("timezone", [*ZONES, "Africa/Casablanca", "Australia/Lord_Howe"])
def test_every_change_of_clocks_is_found(timezone):
    zone = zone_offsets(timezone)
    assert np.all(zone.starts[1:] > zone.starts[:-1])
    assert np.all(zone.wall_starts[1:] > zone.wall_starts[:-1])
    hours = np.arange(0, 131 * 365 * 24, 7) * 3_600_000  # from 1970 to the end of 2100
    found = zone.offsets[np.searchsorted(zone.starts, hours, side="right") - 1]
    known = ZoneInfo(timezone)
    for at, offset in zip(hours[::11].tolist(), found[::11].tolist(), strict=True):
        expected = datetime.fromtimestamp(at // 1000, known).utcoffset()
        assert offset == expected // timedelta(milliseconds=1)


def test_before_1970_and_after_2100_the_nearest_offset_holds():
    summer_2200 = milliseconds(datetime(2200, 7, 1, 12, tzinfo=UTC))
    at = np.array([-1, FIRST_INSTANT, LAST_INSTANT, summer_2200, MISSING_INTEGER])
    assert hour_of_day(at, "Asia/Kolkata").tolist() == [5, 5, 5, 17, MISSING_INTEGER]
    assert local_day(at[[0, 4]], "America/New_York").tolist() == [-1, MISSING_INTEGER]
    assert day_of_week(at[[0, 4]], "UTC").tolist() == [2, MISSING_INTEGER]
    assert hour_of_day(at[3:4], "Europe/Berlin").tolist() == [13]


@pytest.mark.parametrize(
    ("unit", "values", "expected"),
    [
        ("s", [0, 1, -1], [0, 1000, -1000]),
        ("ms", [0, 1, -1], [0, 1, -1]),
        ("us", [999, 1000, -1, -1000], [0, 1, -1, -1]),
        ("ns", [999_999, -1, 2**63 - 1], [0, -1, 9_223_372_036_854]),
        ("s", [2**63 - 1, 2**62, -(2**62), MISSING_INTEGER], [MISSING_INTEGER] * 4),
        ("ms", [FIRST_INSTANT, FIRST_INSTANT - 1], [FIRST_INSTANT, MISSING_INTEGER]),
        ("us", [LAST_INSTANT * 1000 + 999, MISSING_INTEGER], [LAST_INSTANT, MISSING_INTEGER]),
        ("s", [LAST_INSTANT // 1000, LAST_INSTANT // 1000 + 1], [253402300799000, MISSING_INTEGER]),
    ],
)
def test_units(unit, values, expected):
    assert to_epoch_ms(np.array(values), time(unit)).tolist() == expected


def test_null_instants_are_missing():
    expected = [MISSING_INTEGER, 5]
    assert to_epoch_ms(pa.array([None, 5]), time("ms")).tolist() == expected
    assert to_epoch_ms(pa.array([None, None]), time("ms")).tolist() == [MISSING_INTEGER] * 2
    assert to_epoch_ms(pa.array([None, None]), time("iso8601")).tolist() == [MISSING_INTEGER] * 2


@settings(derandomize=True, deadline=None)
@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1)),
    st.sampled_from(ZONES),
    st.sampled_from(["T", " "]),
    st.sampled_from(["auto", "minutes", "seconds", "milliseconds", "microseconds"]),
    st.sampled_from([None, "Z", *range(-23 * 60, 24 * 60, 45)]),
    st.booleans(),
)
def test_iso8601(moment, timezone, separator, timespec, offset, colon):
    text = moment.isoformat(separator, timespec)
    cut = datetime.fromisoformat(text)
    if offset is None:
        instant = cut.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    elif offset == "Z":
        text, instant = f"{text}Z", cut.replace(tzinfo=UTC)
    else:
        hours, minutes = divmod(abs(offset), 60)
        sign = "-" if offset < 0 else "+"
        text += f"{sign}{hours:02}{':' if colon else ''}{minutes:02}"
        instant = cut.replace(tzinfo=UTC) - timedelta(minutes=offset)
    assert to_epoch_ms(np.array([text]), time("iso8601", timezone)).tolist() == [
        milliseconds(instant)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-02", 86_400_000),
        ("1969-12-31T23:59:59.9999Z", -1),
        ("1969-12-31T23:59:59,5Z", -500),
        ("1970-01-01T00:00:00.123456789Z", 123),
        # Berlin, clocks set forward at 02:00 and back at 03:00.
        ("2022-03-27 02:30", 1648344600000),
        ("2022-10-30 02:30", 1667089800000),
    ],
)
def test_iso8601_by_hand(text, expected):
    timezone = "Europe/Berlin" if text.startswith("2022") else "UTC"
    assert to_epoch_ms(np.array([text]), time("iso8601", timezone)).tolist() == [expected]


MALFORMED_TIMES = [
    "", "now", "2022-13-01", "2022-02-29", "2022-1-1", "0000-01-01", "2022-01-01T24:00",
    "2022-01-01T10:60", "2022-01-01T10:00:60", "2022-01-01T10", "2022-01-01T10:00+24:00",
    "2022-01-01T10:00+10:60", "2022-01-01T10:00+8", "2022-01-01t10:00", "2022-01-01T10:00 ",
    " 2022-01-01", "2022-01-01T10:00:00.", "2022-01-01\n", "2022-01-01T10:00z", "2022-01-01\0",
    "0001-01-01T00:00+01:00", "9999-12-31T23:59-00:01", "12345-01-01", "\uff12022-01-01",
]  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED_TIMES)
def test_malformed_times_are_missing(text):
    assert to_epoch_ms(np.array([text], object), time("iso8601")).tolist() == [MISSING_INTEGER]


def test_calendar():
    start = date(1, 1, 1).toordinal()
    ordinals = np.concatenate([np.arange(start, 1500), np.arange(700_000, 760_000), [3_652_059]])
    dates = [date.fromordinal(n) for n in ordinals.tolist()]
    year, month, day = (np.array([getattr(d, part) for d in dates]) for part in
                        ("year", "month", "day"))  # fmt: skip
    assert np.all(days_from_civil(year, month, day) == ordinals - date(1970, 1, 1).toordinal())
    assert np.all(is_date(year, month, day))


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("2024-02-29", True),
        ("2023-02-29", False),
        ("1900-02-29", False),
        ("2000-02-29", True),
        ("2022-04-31", False),
        ("2022-04-30T99:99 whatever\n\0é", True),
        ("2022-04-30é", False),
        ("2022-04-301", False),
        ("2022-00-10", False),
        ("2022-10-00", False),
        ("0000-01-01", False),
        ("0001-01-01", True),
        ("9999-12-31", True),
        ("2022/04/30", True),
        ("20220430", True),
        ("20220430 whatever", True),
        ("202204301", False),
        ("2022/04-30", False),
        ("2022-0430", False),
        ("30-04-2022", False),
        ("", False),
    ],
)
def test_dates(text, known):
    days = parse_dates(np.array([text], object), DaysSince(column="d"), "America/New_York")
    assert days.dtype == np.float32
    if known:
        year, month, day = (text.replace("/", "").replace("-", "")[a:b] for a, b in
                            ((0, 4), (4, 6), (6, 8)))  # fmt: skip
        expected = (date(int(year), int(month), int(day)) - date(1970, 1, 1)).days
        assert days.tolist() == [expected]
    else:
        assert math.isnan(days[0])


def test_days_since_counts_local_dates():
    at = np.array([1648337400000, 1648337400000, MISSING_INTEGER, 1648337400000])
    dates = pa.array(["2022-03-26 23:59", "2022-04-01", "2022-01-01", "soon"])
    # 2022-03-26 23:30 UTC is half past midnight of the 27th in Berlin.
    expected = [1, -5, np.nan, np.nan]
    date = DaysSince(column="d")
    np.testing.assert_array_equal(days_since(at, "Europe/Berlin", dates, date), expected)
    np.testing.assert_array_equal(days_since(at[:1], "UTC", dates[:1], date), [0])


def test_dates_of_other_spellings():
    def days(values, timezone="UTC", **spelling):
        return parse_dates(np.array(values), DaysSince(column="d", **spelling), timezone).tolist()

    assert days(["1/3/1970", "13/1/1970"], format="%m/%d/%Y") == [
        2,
        pytest.approx(np.nan, nan_ok=True),
    ]
    assert days([86_400, 172_799], unit="s") == [1, 1]
    assert days([82_800], "Europe/Berlin", unit="s") == [1]  # midnight of the 2nd there
    assert days([19700105]) == [4]
    # An instant with an offset counts by its local date, a date without one as it stands.
    assert days(["1970-01-01 23:30Z", "1970-01-01 23:30"], "Europe/Berlin") == [1, 0]


def test_integers_of_a_text_format_are_their_digits():
    assert to_epoch_ms(np.array([19700102]), time("iso8601")).tolist() == [86_400_000]
    hour = Time(column="t", format="%y%m%d%H")
    assert to_epoch_ms(np.array([70010101, 14102100]), hour).tolist() == [3_600_000, 1413849600000]


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("s", "1704067200.73", 1704067200730),
        ("s", "1.70406720073E9", 1704067200730),
        ("s", "-0.0005", -1),
        ("s", "12", 12_000),
        ("ms", "1704067200730.999", 1704067200730),
        ("us", "1704067200730999", 1704067200730),
        ("ns", "1704067200730999999", 1704067200731),
        ("ns", "170406720073099999", 170406720073),
        ("s", "+.5", 500),
        ("s", "5.", 5000),
        ("s", "1e99", MISSING_INTEGER),
        ("s", "nan", MISSING_INTEGER),
        ("s", "inf", MISSING_INTEGER),
        ("s", "1,5", MISSING_INTEGER),
        ("s", "2024-01-01", MISSING_INTEGER),
        ("s", "", MISSING_INTEGER),
    ],
)
def test_numbers_in_text(unit, text, expected):
    assert to_epoch_ms(np.array([text], object), time(unit)).tolist() == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024/01/02 03:04:05", "2024-01-02 03:04:05"),
        ("2024/01/02", "2024-01-02 00:00:00"),
        ("20240102", "2024-01-02 00:00:00"),
        ("20240102 03:04", "2024-01-02 03:04:00"),
        ("20240102T030405Z", "2024-01-02 03:04:05"),
        ("20240102T0304", "2024-01-02 03:04:00"),
        ("2024-01-02 03:04:05 UTC", "2024-01-02 03:04:05"),
        ("2024-01-02 03:04:05UTC", "2024-01-02 03:04:05"),
        ("2024-01-02 03:04:05+00", "2024-01-02 03:04:05"),
        ("2024-01-02 03:04:05-03", "2024-01-02 06:04:05"),
        ("2024-01-02 03:04:05 +0530", "2024-01-01 21:34:05"),
        ("2024-0102", None),
        ("2024/01-02", None),
        ("2024-01-02T0304", None),
        ("202401020304", None),
        ("2024-01-02 UTC", None),
        ("2024-01-02 03:04:05 CET", None),
        ("2024-01-02 03:04:05  UTC", None),
    ],
)
def test_texts_that_need_no_format(text, expected):
    at = MISSING_INTEGER
    if expected is not None:
        at = milliseconds(datetime.fromisoformat(expected).replace(tzinfo=UTC))
    for spelling in (time("iso8601"), Time(column="t")):
        assert to_epoch_ms(np.array([text]), spelling).tolist() == [at]


def test_floats_tell_no_time():
    with pytest.raises(DataError, match=r"time column 't'.*types: {t: string}"):
        to_epoch_ms(np.array([1.5]), time("s"))
    with pytest.raises(DataError, match=r"'upload'.*types: {upload: string}"):
        parse_dates(np.array([20220101.5]), DaysSince(column="upload"), "UTC")
