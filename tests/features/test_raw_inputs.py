"""What a request holds, and how a batch of it is read."""

import copy

import numpy as np
import pytest

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.raw_batch import read_raw
from infnet_keras.features.raw_inputs import RawInput, raw_inputs


def test_inputs_in_order(spec, assets):
    def value(name, dtype, side):
        return RawInput(name, dtype, "value", side, column=name)

    def steps(name, dtype, column, sequence):
        return RawInput(name, dtype, "sequence", "user", column, sequence)

    def length(name, sequence):
        return RawInput(name, "int64", "length", "user", sequence=sequence)

    assert raw_inputs(spec, assets.column_types) == [
        value("user_id", "string", "user"),
        value("video_id", "int64", "item"),
        value("tag", "string", "item"),
        value("duration", "int64", "item"),
        value("price", "float32", "item"),
        value("tab", "string", "context"),
        value("upload_date", "string", "item"),
        value("clicks", "float32", "user"),
        value("gap", "float32", "user"),
        value("all_alike", "float32", "user"),
        value("time_ms", "int64", "context"),
        steps("view__video_id", "int64", "video_id", "view"),
        steps("view__tag", "string", "tag", "view"),
        length("view__length", "view"),
        steps("click__video_id", "int64", "video_id", "click"),
        length("click__length", "click"),
    ]


@pytest.mark.parametrize(
    ("column", "dtype", "message"),
    [
        ("video_id", "float32", "'video_id' holds floats, but table 'video'"),
        ("user_id", "float32", "'user_id' holds floats, but table 'user_id'"),
        ("price", "string", "'price' holds strings, but table 'price'"),
        ("upload_date", "float32", "'upload_date' is float32: a date is a string or an integer"),
        ("time_ms", "float32", "'time_ms' is read as a time and cannot be float32"),
    ],
)
def test_types_that_cannot_be_used(spec, assets, column, dtype, message):
    with pytest.raises(DataError, match=message):
        raw_inputs(spec, {**assets.column_types, column: dtype})


def test_a_column_without_a_type(spec, assets):
    types = dict(assets.column_types)
    del types["tag"]
    with pytest.raises(DataError, match="no type of column 'tag'"):
        raw_inputs(spec, types)


@pytest.fixture
def inputs(spec, assets):
    return raw_inputs(spec, assets.column_types)


def test_json_lists_become_arrays(inputs, raw):
    arrays = read_raw(inputs, raw)
    assert list(arrays) == [raw_input.name for raw_input in inputs]
    assert arrays["user_id"].tolist() == [b"ann", b"", b"bob"]
    assert arrays["video_id"].tolist() == [10, 99, MISSING_INTEGER]
    assert arrays["video_id"].dtype == np.int64
    np.testing.assert_array_equal(arrays["price"], np.array([1.5, np.nan, 100], np.float32))
    assert arrays["price"].dtype == np.float32
    assert arrays["view__video_id"][2].tolist() == [MISSING_INTEGER, 10, 10, 10]
    assert arrays["click__video_id"].shape == (3, 0)
    assert arrays["click__video_id"].dtype == np.int64
    assert arrays["view__tag"].shape == (3, 4)


def test_reading_twice_changes_nothing(inputs, raw):
    arrays = read_raw(inputs, raw)
    again = read_raw(inputs, arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)
        assert again[name].dtype == array.dtype


def test_a_batch_may_have_no_row(inputs, raw):
    none = {name: array[:0] for name, array in read_raw(inputs, raw).items()}
    assert {len(array) for array in read_raw(inputs, none).values()} == {0}


def test_integers_are_numbers_and_floats_no_integers(inputs, raw):
    raw["price"] = np.array([1, 2, 2**24 + 1])
    assert read_raw(inputs, raw)["price"].tolist() == [1.0, 2.0, 2.0**24]
    raw["price"] = [None, None, None]
    assert np.isnan(read_raw(inputs, raw)["price"]).all()
    raw["time_ms"] = [1.0, 2.0, 3.0]
    with pytest.raises(DataError, match=r"time_ms holds 1\.0; it takes int64, or None"):
        read_raw(inputs, raw)


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("tab", [1, 2, 3], "tab holds 1; it takes string"),
        ("video_id", ["10", "9", "8"], "video_id holds '10'; it takes int64"),
        ("price", ["1.5", "2", "3"], "price holds '1.5'; it takes float32"),
        ("tab", [["0"], ["1"], ["2"]], r"tab is nested 2 deep; it is string \[any\]"),
        ("tab", "0", r"tab is nested 0 deep; it is string \[any\]"),
        ("view__tag", ["a", "b", "c"], r"view__tag is nested 1 deep; it is string \[any, any\]"),
        ("view__tag", [["a"], ["b", "c"], []], "view__tag has 2 steps, but view__video_id has 4"),
        ("view__tag", [["a"], ["b"], ["c"]], "view__tag has 1 steps, but view__video_id has 4"),
        ("tab", ["0", "1"], "the inputs differ in their number of rows: .*'tab': 2"),
        ("tab", ["0", 1, "2"], "tab holds 1; it takes string"),
    ],
)
def test_batches_that_cannot_be_read(inputs, raw, name, values, message):
    broken = {**copy.deepcopy(raw), name: values}
    with pytest.raises(DataError, match=message):
        read_raw(inputs, broken)


def test_names_must_agree(inputs, raw):
    with pytest.raises(DataError, match=r"'nonsense' is unknown; expected: user_id, "):
        read_raw(inputs, {**raw, "nonsense": [1, 2, 3]})
    del raw["view__length"]
    with pytest.raises(DataError, match="'view__length' is missing"):
        read_raw(inputs, raw)
