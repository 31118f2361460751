"""Values of raw files in the types of the spec."""

import pyarrow as pa
import pytest

from infnet_keras.data.raw.values.conversion import convert, inferred_type
from infnet_keras.errors import DataError

MISSING_INTEGER = -(2**63)


def converted(values, column_type, separator=None):
    array = values if isinstance(values, pa.Array) else pa.array(values)
    result = convert(array, column_type, separator, "price", "events.csv")
    return result.type, result.to_pylist()


@pytest.mark.parametrize(
    ("values", "column_type", "expected"),
    [
        (["4", "-7", "9223372036854775807"], "int64", [4, -7, 2**63 - 1]),
        (["4.0", "+5", " 6 ", "7.", None], "int64", [4, 5, 6, 7, None]),
        (["NULL", "nan", "", "3"], "int64", [None, None, None, 3]),
        ([str(MISSING_INTEGER), "1"], "int64", [None, 1]),
        (["1.5", "nan", "-inf", "1e3"], "float32", [1.5, None, float("-inf"), 1000.0]),
        (["N/A", "2"], "float32", [None, 2.0]),
        (["", "NA", " x"], "string", [None, "NA", " x"]),
        (pa.array([4.0, None, float("nan")]), "int64", [4, None, None]),
        (pa.array([7, 8], pa.int16()), "string", ["7", "8"]),
        (pa.array([True, False]), "int64", [1, 0]),
        (pa.array([True, None]), "string", ["true", None]),
        (pa.array(["a", "b", "a"]).dictionary_encode(), "string", ["a", "b", "a"]),
        (pa.array([3, None], pa.int8()), "float32", [3.0, None]),
    ],
)
def test_values_take_their_type_and_missing_ones_are_null(values, column_type, expected) -> None:
    arrow_type, found = converted(values, column_type)
    assert found == expected
    assert str(arrow_type) == {"float32": "float"}.get(column_type, column_type)


def test_lists_are_joined_where_the_spec_splits() -> None:
    lists = pa.array([[1, 2], [], None, [3]])
    assert converted(lists, "string", "|")[1] == ["1|2", None, None, "3"]
    with pytest.raises(DataError, match="holds lists; say `multivalue`"):
        converted(lists, "string")


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        (pa.array([["a", None, "b"], [None], None]), ["a|b", None, None]),
        (pa.array([[1, None], None, [3, 4]], pa.list_(pa.int64(), 2)), ["1", None, "3|4"]),
        (pa.array([[1.0, 2.5, float("nan")]]), ["1|2.5"]),
        (pa.array([[2**64 - 1]], pa.large_list(pa.uint64())), [str(2**64 - 1)]),
        (pa.array([[2**53 + 1, -1], [7]]).slice(1), ["7"]),
        (pa.array([[b"x"], []]), ["x", None]),
    ],
)
def test_a_null_in_a_list_leaves_the_others(lists, expected) -> None:
    assert converted(lists, "string", "|")[1] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[8]", "8"),
        ("[1, 2]", "1|2"),
        ("['a','b, c']", "a|b, c"),
        ('["it\'s", "x\\"y"]', "it's|x\"y"),
        ("[1 22  3]", "1|22|3"),
        ("['a', None, nan]", "a"),
        ("[]", None),
        (" [New York, Rome] ", "New York|Rome"),
        ("[NSFW] a,[x]", "[NSFW] a,[x]"),
        ("a|b", "a|b"),
    ],
)
def test_text_that_holds_a_list(text, expected) -> None:
    assert converted([text, None], "string", "|")[1] == [expected, None]
    assert converted([text], "string")[1] == [text]


def test_an_element_cannot_hold_the_separator() -> None:
    for values in (pa.array([["a", "b|c"]]), ["['a', 'b|c']"]):
        with pytest.raises(DataError, match=r"holds 'b\|c', and '\|' separates"):
            converted(values, "string", "|")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), "holds maps"),
        (pa.array([{"x": 1}]), "holds structs; name a field .* `price.x`"),
        (pa.array([[{"x": 1}]]), "holds lists of structs"),
        (pa.array([[[1]]]), "holds lists of lists"),
    ],
)
def test_nested_values_are_refused(values, said) -> None:
    with pytest.raises(DataError, match=said):
        converted(values, "string", "|")


def test_whole_floats_are_spelt_as_digits() -> None:
    floats = [1.234567890123456e15, 2.0**63, 4.0, -1e9, 0.1, None, float("nan")]
    expected = ["1234567890123456", str(2**63), "4", "-1000000000", "0.1", None, None]
    assert converted(pa.array(floats), "string")[1] == expected
    single = pa.array([16777216.0, 1e9], pa.float32())
    assert converted(single, "string")[1] == ["16777216", "1000000000"]
    decimals = pa.array([12, None], pa.decimal128(20, 0)).cast(pa.decimal128(30, 5))
    assert converted(decimals, "string")[1] == ["12", None]


def test_declared_integers_take_any_spelling() -> None:
    for spellings in (["007", "0x10"], ["007", "0x10", "1.0"]):
        assert converted(spellings, "int64")[1][:2] == [7, 16]
    with pytest.raises(DataError, match="'0xFFFFFFFFFFFFFFFF', which is not int64"):
        converted(["0xFFFFFFFFFFFFFFFF"], "int64")


@pytest.mark.parametrize(
    ("values", "column_type", "said"),
    [
        (["1", "x7"], "int64", r"holds 'x7', which is not int64.*\{price: string\}"),
        (["1", "4.5"], "int64", r"holds '4.5', which is not int64.*\{price: float32\}"),
        (["99999999999999999999"], "int64", "holds '99999999999999999999'"),
        (pa.array([4.5]), "int64", "holds '4.5'"),
        (["1.5", "cheap"], "float32", "holds 'cheap', which is not float32"),
        (pa.array([2**63], pa.uint64()), "int64", "holds '9223372036854775808'"),
    ],
)
def test_a_value_of_another_type_is_named(values, column_type, said) -> None:
    with pytest.raises(DataError, match=f"^events.csv: column 'price' {said}"):
        converted(values, column_type)


@pytest.mark.parametrize(
    ("arrow_type", "expected"),
    [
        (pa.uint8(), "int64"),
        (pa.float64(), "float32"),
        (pa.decimal128(9, 2), "float32"),
        (pa.decimal128(38, 0), "int64"),
        (pa.decimal256(60, 0), "int64"),
        (pa.date32(), "string"),
        (pa.timestamp("s"), "string"),
        (pa.bool_(), "string"),
        (pa.null(), "string"),
        (pa.dictionary(pa.int8(), pa.int64()), "int64"),
    ],
)
def test_types_are_inferred(arrow_type, expected) -> None:
    assert inferred_type(arrow_type) == expected


@pytest.mark.parametrize(
    ("values", "column_type", "expected", "places"),
    [
        (
            ["1", "x", "2.0", "2.5", "0x1F", "", "NA"],
            "int64",
            [1, None, 2, None, 31, None, None],
            [1, 3],
        ),
        (["1", str(2**63), "0x11111111111111111", "true"], "int64", [1, None, None, 1], [1, 2]),
        (["1.5", "cheap", "1e3", "None"], "float32", [1.5, None, 1000.0, None], [1]),
        (pa.array([1.0, 1.5, 1e300]), "int64", [1, None, None], [1, 2]),
        (["a", "7"], "string", ["a", "7"], []),
    ],
)
def test_a_value_of_another_type_may_be_noted_instead(
    values, column_type, expected, places
) -> None:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    unreadable: list[int] = []
    found = convert(array, column_type, None, "price", "a.csv", unreadable=unreadable)
    assert found.to_pylist() == expected
    assert sorted(unreadable) == places
    assert converted(array.filter(found.is_valid()), column_type)[1] == [
        value for value in expected if value is not None
    ]
