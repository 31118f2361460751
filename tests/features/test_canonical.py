"""Canonical strings and missing values."""

import numpy as np
import pyarrow as pa
import pytest

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import (
    MISSING_INTEGER,
    canonical_strings,
    missing_as_null,
    split_values,
)


def test_every_spelling_of_missing_is_null():
    assert missing_as_null(np.array([1, MISSING_INTEGER]), "c").to_pylist() == [1, None]
    assert missing_as_null(np.array([1.5, np.nan]), "c").to_pylist() == [1.5, None]
    assert missing_as_null(pa.array(["a", "", None]), "c").to_pylist() == [b"a", None, None]
    mixed = np.array(["a", None, np.nan], dtype=object)
    assert missing_as_null(mixed, "c").to_pylist() == [b"a", None, None]
    assert missing_as_null(np.array([None, None]), "c").to_pylist() == [None, None]


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["a", "", None, "é\0😀"]),
        pa.array(["a", "", None, "é\0😀"], pa.large_string()),
        pa.array(["a", "", None, "é\0😀"]).dictionary_encode(),
        pa.array([b"a", b"", None, "é\0😀".encode()]),
        np.array(["a", "", None, "é\0😀"], dtype=object),
    ],
    ids=["string", "large", "dictionary", "binary", "object"],
)
def test_a_string_is_its_utf8_bytes(array):
    assert canonical_strings(array, "c").to_pylist() == [b"a", None, None, "é\0😀".encode()]


def test_an_integer_is_its_digits():
    values = np.array([0, -7, 2**63 - 1, -(2**63) + 1])
    assert canonical_strings(values, "c").to_pylist() == [str(v).encode() for v in values]
    assert canonical_strings(np.array([7], np.uint8), "c").to_pylist() == [b"7"]


def test_floats_have_no_spelling():
    with pytest.raises(DataError, match=r"'price' holds floats.*types: {price: int64 or string}"):
        canonical_strings(np.array([1.0]), "price")


@pytest.mark.parametrize(
    "values",
    [
        np.array(["a", 1], dtype=object),
        np.array([2**63], dtype=object),
        np.array([2**64 - 1], dtype=np.uint64),
        pa.array([[1]]),
        np.array(["2020-01-01"], dtype="datetime64[s]"),
    ],
)
def test_other_types_are_refused(values):
    with pytest.raises(DataError, match="'odd'"):
        missing_as_null(values, "odd")


def test_parts_keep_their_row_and_order():
    strings = pa.array([b"b||a", None, b"||||", b"|c|", b"\xff||d"])
    rows, parts = split_values(strings, "||")
    assert rows.tolist() == [0, 0, 3, 4, 4]
    assert parts.to_pylist() == [b"b", b"a", b"|c|", b"\xff", b"d"]


def test_nothing_to_split():
    rows, parts = split_values(pa.array([], pa.binary()), ",")
    assert rows.tolist() == []
    assert parts.to_pylist() == []
