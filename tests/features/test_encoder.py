"""The NumPy engine against a definition written value by value."""

import bisect
import math

import numpy as np
import pyarrow as pa
import pytest
from farmhash import fingerprint64
from hypothesis import given, settings
from hypothesis import strategies as st

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.encoder import Encoder
from infnet_keras.spec import Table

TABLES = [
    Table(vocabulary={}),
    Table(vocabulary={}, missing="own"),
    Table(vocabulary={}, oov=5),
    Table(vocabulary={}, oov=5, missing="own"),
    Table(hash=3),
    Table(hash=1000, oov=2, missing="own"),
    Table(identity=12),
    Table(identity=12, missing="own"),
    Table(boundaries=[-1.5, 0.0, 0.1, 16777216.0], missing="own"),
    Table(quantiles=4, missing="own"),
    Table(boundaries=[-1.5, 0.0, 0.1, 16777216.0]),
    Table(quantiles=4),
]
VOCABULARY = ["b", "7", "-3", "0", " ", "a\0b", "😀", "007", str(2**63 - 1), "x" * 10_000]
QUANTILES = [0.5, 2.0]
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-4, 13) | st.just(MISSING_INTEGER)
TEXTS = st.sampled_from([*VOCABULARY, "", "\n", "a\r", "+7", " 7", "7.0", "-0", "9" * 30, "é"])
STRINGS = TEXTS | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
FLOATS = st.floats(width=32) | st.sampled_from([-1.5, 0.0, -0.0, 0.5, 2.0, 11.0, 12.0, 1e-40])


def expected_id(table: Table, value: int | float | str) -> int:
    """The id of one value, by the definition."""
    if value == "" or value == MISSING_INTEGER or (isinstance(value, float) and math.isnan(value)):
        return 1 if table.missing == "oov" else 1 + table.oov
    first = 1 + table.oov + (table.missing == "own")
    if isinstance(value, float) and abs(value) < 2.0**-126:
        value = 0.0
    if table.kind in ("boundaries", "quantiles") and isinstance(value, int):
        return first + bisect.bisect_right(table.boundaries or QUANTILES, value)
    if table.kind in ("boundaries", "quantiles"):
        boundaries = [float(np.float32(b)) for b in table.boundaries or QUANTILES]
        return first + bisect.bisect_right(boundaries, float(np.float32(value)))
    if table.kind == "identity":
        for i in range(table.identity or 0):
            if value == (str(i) if isinstance(value, str) else i):
                return first + i
        return 1
    text = str(value)
    if table.kind == "hash":
        return first + fingerprint64(text) % (table.hash or 0)
    if text in VOCABULARY:
        return first + VOCABULARY.index(text)
    return 1 + fingerprint64(text) % table.oov


def encoder_of(table: Table) -> Encoder:
    return Encoder(table, VOCABULARY, QUANTILES)


def accepts(table: Table, strings: bool = False, floats: bool = False) -> bool:
    if strings:
        return not table.is_numeric
    return not (floats and table.kind in ("vocabulary", "hash"))


@settings(derandomize=True, deadline=None)
@given(st.lists(INTEGERS))
def test_integers(values):
    for table in TABLES:
        ids = encoder_of(table).encode(np.array(values, np.int64))
        assert ids.dtype == np.int32
        assert ids.tolist() == [expected_id(table, v) for v in values]


@settings(derandomize=True, deadline=None)
@given(st.lists(STRINGS))
def test_strings(values):
    for table in TABLES:
        if accepts(table, strings=True):
            expected = [expected_id(table, v) for v in values]
            assert encoder_of(table).encode(pa.array(values, pa.string())).tolist() == expected


@settings(derandomize=True, deadline=None)
@given(st.lists(FLOATS))
def test_floats(values):
    for table in TABLES:
        if accepts(table, floats=True):
            expected = [expected_id(table, v) for v in values]
            assert encoder_of(table).encode(np.array(values, np.float32)).tolist() == expected


@settings(derandomize=True, deadline=None)
@given(
    st.lists(st.lists(STRINGS, max_size=5)),
    st.sampled_from([",", "||", "ab", "é"]),
    st.integers(1, 4),
)
def test_several_values(rows, separator, max_values):
    joined = [separator.join(row) for row in rows]
    for table in TABLES:
        if not accepts(table, strings=True):
            continue
        expected = []
        for text in joined:
            parts = [part for part in text.split(separator) if part][:max_values] or [""]
            ids = [expected_id(table, part) for part in parts]
            expected.append(ids + [0] * (max_values - len(ids)))
        array = pa.array(joined, pa.string())
        ids = encoder_of(table).encode_multivalue(array, separator, max_values)
        assert ids.shape == (len(rows), max_values)
        assert ids.dtype == np.int32
        assert ids.tolist() == expected


def test_integers_split_as_their_digits():
    encoder = Encoder(Table(vocabulary={}), ["1", "3"])
    values = np.array([123, MISSING_INTEGER, 7])
    assert encoder.encode_multivalue(values, "2", 2).tolist() == [[2, 3], [1, 0], [1, 0]]


def test_integers_beyond_exact_floats_are_compared_exactly():
    encoder = Encoder(Table(boundaries=[2**24 + 1, 2**53 + 1, 2**63 - 1, 1e19]))
    values = np.array([2**24, 2**24 + 1, 2**53, 2**53 + 1, 2**63 - 2, 2**63 - 1])
    assert encoder.encode(values).tolist() == [2, 3, 3, 4, 4, 5]
    assert Encoder(Table(boundaries=[-1e19, 0.5])).encode(np.array([-(2**63) + 1])).tolist() == [3]


def test_numbers_that_are_almost_integral_are_read_in_float32():
    encoder = Encoder(Table(identity=3))
    assert encoder.encode(np.array([2.0, 1.9999999999, 1.5, np.inf, -np.inf])).tolist() == [
        4, 4, 1, 1, 1
    ]  # fmt: skip


def test_double_numbers_too_large_for_float32_are_infinite():
    assert Encoder(Table(boundaries=[1e38])).encode(np.array([1e300, -1e300])).tolist() == [3, 2]


def test_ids_do_not_depend_on_how_the_values_are_held():
    encoder = Encoder(Table(vocabulary={}, oov=7), ["a", "b"])
    plain = pa.array(["a", "", "zz", None, "b", "a"])
    expected = encoder.encode(plain).tolist()
    chunked = pa.chunked_array([plain[:2], plain[2:2], plain[2:]])
    for held in (plain.dictionary_encode(), plain.cast(pa.large_string()), chunked):
        assert encoder.encode(held).tolist() == expected
    assert encoder.encode(plain[2:5]).tolist() == expected[2:5]
    assert encoder.encode(pa.chunked_array([], pa.string())).tolist() == []
    several = encoder.encode_multivalue(plain, ",", 2)
    assert encoder.encode_multivalue(chunked, ",", 2).tolist() == several.tolist()


def test_bytes_that_are_no_text_are_unknown_values():
    encoder = Encoder(Table(vocabulary={}, oov=100), ["a"])
    assert encoder.encode(np.array([b"\xff\xfe"], object)).tolist() == [
        1 + fingerprint64(b"\xff\xfe") % 100
    ]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.kind)
def test_only_missing_values_say_no_type(table):
    encoder = encoder_of(table)
    assert encoder.encode(np.array([None, None])).tolist() == [table.missing_id] * 2
    assert encoder.encode(pa.array([], pa.int64())).tolist() == []


def test_empty_vocabulary():
    assert Encoder(Table(vocabulary={}), []).encode(np.array(["a", ""])).tolist() == [1, 1]


def test_types_that_a_table_cannot_place():
    with pytest.raises(DataError, match="'c' holds floats"):
        Encoder(Table(hash=3)).encode(np.array([1.0]), "c")
    with pytest.raises(DataError, match="'c' holds strings, but boundaries compare numbers"):
        Encoder(Table(boundaries=[1.0])).encode(np.array(["1"]), "c")
    with pytest.raises(DataError, match="'c' holds floats"):
        Encoder(Table(identity=3)).encode_multivalue(np.array([1.0]), ",", 2, "c")


def test_fitted_tables_need_what_was_fitted():
    with pytest.raises(ValueError, match="fitted vocabulary"):
        Encoder(Table(vocabulary={}))
    with pytest.raises(ValueError, match="fitted boundaries"):
        Encoder(Table(quantiles=4))
