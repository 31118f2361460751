"""Values of raw files in the types of the spec."""

import pyarrow as pa
import pytest

from infnet_keras.data.raw.conversion import convert, inferred_type
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
        (pa.date32(), "string"),
        (pa.timestamp("s"), "string"),
        (pa.bool_(), "string"),
        (pa.null(), "string"),
        (pa.dictionary(pa.int8(), pa.int64()), "int64"),
    ],
)
def test_types_are_inferred(arrow_type, expected) -> None:
    assert inferred_type(arrow_type) == expected
