"""TensorFlow's local time is NumPy's."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infnet_keras.features.calendar import FIRST_INSTANT, LAST_INSTANT
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy import clock
from infnet_keras.features.time_zone import zone_offsets
from infnet_keras.spec import Time
from infnet_keras.spec.derived.since import DaysSince

pytestmark = pytest.mark.backend("tensorflow")

ZONES = ["UTC", "Europe/Berlin", "Asia/Shanghai", "America/New_York", "Asia/Kolkata"]
CHANGES = np.concatenate([zone_offsets(zone).starts[1:] for zone in ZONES[1:4]])
INSTANTS = (
    st.integers(FIRST_INSTANT, LAST_INSTANT)
    | st.integers(-(10**9), 5 * 10**12)
    | st.just(MISSING_INTEGER)
    | st.builds(lambda at, step: int(at) + step, st.sampled_from(CHANGES.tolist()),
                st.integers(-2, 2))
)  # fmt: skip
DATE = DaysSince(column="d")
TEXTS = (
    st.datetimes().map(lambda moment: moment.isoformat())
    | st.builds(
        lambda moment, separator, tail: moment.isoformat(separator, "seconds") + tail,
        st.datetimes(),
        st.sampled_from("T t_"),
        st.sampled_from(
            [
                "",
                "Z",
                "z",
                "+08:00",
                "-0330",
                "+24:00",
                "+01:60",
                ".1",
                ",25Z",
                ".",
                "+00",
                " UTC",
                " GMT",
                "UTC ",
                " +9",
            ]
        ),
    )
    | st.builds(
        lambda moment, form: moment.strftime(form),
        st.datetimes(datetime(1000, 1, 1)),
        st.sampled_from(
            [
                "%Y%m%d",
                "%Y/%m/%d",
                "%Y/%m/%d %H:%M",
                "%Y%m%dT%H%M%SZ",
                "%Y%m%d%H",
                "%Y/%m-%d",
                "%Y-%m%d",
            ]
        ),
    )
    | st.builds(
        "{}-{}-{}{}".format,
        st.integers(0, 10_000).map("{:04}".format),
        st.integers(0, 14).map("{:02}".format),
        st.integers(0, 32).map("{:02}".format),
        st.sampled_from(["", " ", "T", "T10:00", "T1:00", " 24:00", "0", "é", "\n", "\0", "x\0é"]),
    )
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)


@pytest.mark.parametrize("timezone", ZONES)
def test_local_clock(timezone):
    import tensorflow as tf

    from infnet_keras.features.tensorflow import clock as tensorflow_clock

    names = ("local_day", "hour_of_day", "day_of_week")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
    def read(instants):
        return {name: getattr(tensorflow_clock, name)(instants, timezone) for name in names}

    @settings(derandomize=True, deadline=None, max_examples=50)
    @given(st.lists(INSTANTS))
    def check(instants):
        array = np.array(instants, np.int64)
        for name, found in read(tf.constant(array)).items():
            assert found.numpy().tolist() == getattr(clock, name)(array, timezone).tolist()

    check()


@settings(derandomize=True, deadline=None)
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1) | INSTANTS), st.sampled_from(["s", "ms", "us", "ns"])
)
def test_units(values, unit):
    import tensorflow as tf

    from infnet_keras.features.tensorflow import clock as tensorflow_clock

    array, time = np.array(values, np.int64), Time(column="t", unit=unit)
    found = tensorflow_clock.to_epoch_ms(tf.constant(array), time)
    assert found.numpy().tolist() == clock.to_epoch_ms(array, time).tolist()


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_texts(timezone):
    import tensorflow as tf

    from infnet_keras.features.tensorflow import clock as tensorflow_clock

    time = Time(column="t", unit="iso8601", timezone=timezone)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def read(texts):
        instants = tensorflow_clock.to_epoch_ms(texts, time)
        since = tensorflow_clock.days_since(instants, timezone, texts, DATE)
        return instants, tensorflow_clock.parse_dates(texts, DATE, timezone), since

    @settings(derandomize=True, deadline=None, max_examples=40)
    @given(st.lists(TEXTS | st.binary(max_size=12)))
    def check(values):
        encoded = [v.encode() if isinstance(v, str) else v for v in values]
        array = np.array(encoded, object)
        instants, days, since = (t.numpy() for t in read(tf.constant(encoded, tf.string)))
        assert instants.tolist() == clock.to_epoch_ms(array, time).tolist()
        np.testing.assert_array_equal(days, clock.parse_dates(array, DATE, timezone))
        assert days.dtype == np.float32
        expected = clock.days_since(instants, timezone, array, DATE)
        np.testing.assert_array_equal(since, expected)

    check()


NUMBERS = (
    st.integers(-(10**20), 10**20).map(str)
    | st.floats(-1e12, 1e12).map(repr)
    | st.floats().map(repr)
    | st.decimals(-(10**10), 10**10, places=4).map(str)
    | st.from_regex(r"\A[+-]?[0-9]{0,4}\.?[0-9]{0,4}([eE][+-]?[0-9]{1,3})?\Z")
    | TEXTS
)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_numbers_in_text(unit):
    import tensorflow as tf

    from infnet_keras.features.tensorflow import clock as tensorflow_clock

    time = Time(column="t", unit=unit)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def read(texts):
        return tensorflow_clock.to_epoch_ms(texts, time)

    @settings(derandomize=True, deadline=None)
    @given(st.lists(NUMBERS))
    def check(values):
        encoded = [value.encode() for value in values]
        expected = clock.to_epoch_ms(np.array(encoded, object), time)
        assert read(tf.constant(encoded, tf.string)).numpy().tolist() == expected.tolist()

    check()


FORMATS = [
    "%y%m%d%H", "%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%d%H%M%S%f", "%Y/%m/%d %H:%M",
    "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S.%f", "%d/%b/%Y:%H:%M:%S %z",
    "%a %b %d %H:%M:%S %z %Y", "%A, %d %B %Y %I %p", "%Y-%j", "%Y年%m月%d日 %Hh%%", "%D %R",
    "%FT%T%z", "%FT%T.%f%Z", "(%Y) [%m] {%d} \\1 $^*+?.|", "20%y-%m-%d",
]  # fmt: skip


@pytest.mark.parametrize("time_format", FORMATS)
def test_formats(time_format):
    """What strftime writes is read as strptime reads it; both engines agree on anything else."""
    import tensorflow as tf

    from infnet_keras.features.tensorflow import clock as tensorflow_clock

    zone = ZoneInfo("America/New_York")
    time = Time(column="t", format=time_format, timezone=str(zone))
    date = DaysSince(column="t", format=time_format)
    python = time_format
    for short, whole in (("%F", "%Y-%m-%d"), ("%T", "%H:%M:%S"), ("%D", "%m/%d/%y"),
                         ("%R", "%H:%M")):  # fmt: skip
        python = python.replace(short, whole)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def read(texts):
        instants = tensorflow_clock.to_epoch_ms(texts, time)
        return instants, tensorflow_clock.parse_dates(texts, date, str(zone))

    def without_zeros(text):
        return re.sub(r"(?<![0-9])0([0-9])(?![0-9])", r"\1", text)

    moments = st.datetimes(datetime(1971, 1, 1), datetime(2068, 12, 31))
    written = moments.map(lambda moment: moment.replace(tzinfo=UTC).strftime(python))

    @settings(derandomize=True, deadline=None, max_examples=30)
    @given(st.lists(written, min_size=1), st.lists(written.map(without_zeros) | TEXTS | NUMBERS))
    def check(texts, odd):
        encoded = [text.encode() for text in texts + odd]
        expected = clock.to_epoch_ms(np.array(encoded, object), time)
        for text, at in zip(texts, expected[: len(texts)].tolist(), strict=True):
            known = datetime.strptime(text, python)
            if "%Z" in time_format:
                known = known.replace(tzinfo=UTC)
            known = known if known.tzinfo else known.replace(tzinfo=zone)
            assert at == (known - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        instants, days = (t.numpy() for t in read(tf.constant(encoded, tf.string)))
        assert instants.tolist() == expected.tolist()
        array = np.array(encoded, object)
        np.testing.assert_array_equal(days, clock.parse_dates(array, date, str(zone)))

    check()


@settings(derandomize=True, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(19000101, 21001231)))
def test_integers_of_a_format(values):
    import tensorflow as tf

    from infnet_keras.features.tensorflow import clock as tensorflow_clock

    array = np.array(values, np.int64)
    for spelling in ({"format": "%Y%m%d"}, {"format": "%y%m%d%H"}, {"unit": "iso8601"}):
        time = Time(column="t", **spelling)
        found = tensorflow_clock.to_epoch_ms(tf.constant(array), time)
        assert found.numpy().tolist() == clock.to_epoch_ms(array, time).tolist()
    found = tensorflow_clock.parse_dates(tf.constant(array), DATE, "UTC").numpy()
    np.testing.assert_array_equal(found, clock.parse_dates(array, DATE, "UTC"))


@pytest.mark.parametrize("timezone", ZONES)
def test_local_text_around_a_change_of_clocks(timezone):
    import tensorflow as tf

    from infnet_keras.features.tensorflow import clock as tensorflow_clock

    hours = np.datetime64("2022-03-01T00:00") + np.arange(0, 365 * 96) * np.timedelta64(15, "m")
    texts = np.datetime_as_string(hours).astype(object)
    time = Time(column="t", unit="iso8601", timezone=timezone)
    found = tensorflow_clock.to_epoch_ms(tf.constant(texts), time).numpy()
    assert np.array_equal(found, clock.to_epoch_ms(texts, time))


def test_one_instant_for_many_dates():
    import tensorflow as tf

    from infnet_keras.features.tensorflow import clock as tensorflow_clock

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64),
                                  tf.TensorSpec([None, None], tf.string)])  # fmt: skip
    def since(instants, dates):
        return tensorflow_clock.days_since(instants, "Asia/Shanghai", dates, DATE)

    instants = tf.constant([0, 86_400_000, MISSING_INTEGER], tf.int64)
    dates = tf.constant([["1970-01-01", "1969-12-31"], ["1970-01-01", "x"], ["1970-01-01", ""]])
    np.testing.assert_array_equal(since(instants, dates), [[0, 1], [1, np.nan], [np.nan, np.nan]])
