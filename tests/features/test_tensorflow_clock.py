"""TensorFlow's local time is NumPy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy import clock
from infnet_keras.spec import Time

pytestmark = pytest.mark.backend("tensorflow")

ZONES = ["UTC", "Europe/Berlin", "Asia/Shanghai", "America/New_York", "Asia/Kolkata"]
CHANGES = np.concatenate([clock.zone_offsets(zone).starts[1:] for zone in ZONES[1:4]])
INSTANTS = (
    st.integers(clock.FIRST_INSTANT, clock.LAST_INSTANT)
    | st.integers(-(10**9), 5 * 10**12)
    | st.just(MISSING_INTEGER)
    | st.builds(lambda at, step: int(at) + step, st.sampled_from(CHANGES.tolist()),
                st.integers(-2, 2))
)  # fmt: skip
DIGITS = st.text("0123456789", min_size=1, max_size=4)
TEXTS = (
    st.datetimes().map(lambda moment: moment.isoformat())
    | st.builds(
        lambda moment, separator, tail: moment.isoformat(separator, "seconds") + tail,
        st.datetimes(),
        st.sampled_from("T t_"),
        st.sampled_from(["", "Z", "z", "+08:00", "-0330", "+24:00", "+01:60", ".1", ",25Z", "."]),
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
        since = tensorflow_clock.days_since(instants, timezone, texts)
        return instants, tensorflow_clock.parse_dates(texts), since

    @settings(derandomize=True, deadline=None, max_examples=40)
    @given(st.lists(TEXTS | st.binary(max_size=12)))
    def check(values):
        encoded = [v.encode() if isinstance(v, str) else v for v in values]
        array = np.array(encoded, object)
        instants, days, since = (t.numpy() for t in read(tf.constant(encoded, tf.string)))
        assert instants.tolist() == clock.to_epoch_ms(array, time).tolist()
        np.testing.assert_array_equal(days, clock.parse_dates(array, "d"))
        assert days.dtype == np.float32
        expected = clock.days_since(instants, timezone, array, "d")
        np.testing.assert_array_equal(since, expected)

    check()


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
        return tensorflow_clock.days_since(instants, "Asia/Shanghai", dates)

    instants = tf.constant([0, 86_400_000, MISSING_INTEGER], tf.int64)
    dates = tf.constant([["1970-01-01", "1969-12-31"], ["1970-01-01", "x"], ["1970-01-01", ""]])
    np.testing.assert_array_equal(since(instants, dates), [[0, 1], [1, np.nan], [np.nan, np.nan]])
