import base64
from typing import Any

import numpy as np
import pytest

from infnet_keras.errors import DataError
from infnet_keras.request.tensor_spec import TensorSpec
from infnet_keras.request.to_array import to_array

SMALLEST = -(2**63)


def spec(dtype: str, *shape: int | None) -> TensorSpec:
    return TensorSpec(dtype, shape)


def test_missing_values_are_those_of_the_exports() -> None:
    from infnet_keras.features.raw_inputs import MISSING

    for dtype, value in MISSING.items():
        np.testing.assert_equal(spec(dtype, None).missing, value)


@pytest.mark.parametrize(
    ("value", "takes", "expected"),
    [
        ([[3, 1], [], [None]], spec("float32", None, None), [[3, 1], [np.nan] * 2, [np.nan] * 2]),
        ([[3], None, [1, 2]], spec("int64", None, None), [[3, SMALLEST], [SMALLEST] * 2, [1, 2]]),
        ([["a"], ["b", "c"]], spec("string", None, None), [[b"a", b""], [b"b", b"c"]]),
        (
            [[[1]], [[2, 3], [4]]],
            spec("int8", None, None, None),
            [[[1, -128], [-128, -128]], [[2, 3], [4, -128]]],
        ),
        ([], spec("int64", None), np.zeros(0)),
        ([], spec("int64", None, None), np.zeros((0, 0))),
        ([[], []], spec("int64", None, None), np.zeros((2, 0))),
        ([[], []], spec("float32", None, None, 4), np.zeros((2, 0, 4))),
        ([None, None], spec("float32", None, 2), np.full((2, 2), np.nan)),
        ([1, None], spec("float32", None, 1), [[1], [np.nan]]),
        ([1, 2], spec("int32", None, 1, 1), [[[1]], [[2]]]),
        (np.arange(3), spec("float64", None, 1), [[0], [1], [2]]),
        (5, spec("int64"), 5),
        (None, spec("float32"), np.nan),
        (b"bytes", spec("string"), b"bytes"),
        ([[1, 2], [3]], TensorSpec("int64", None), [[1, 2], [3, SMALLEST]]),
        ([], TensorSpec("int64", None), np.zeros(0)),
        ((True, np.True_), spec("bool", None), [True, True]),
        ([2**63 - 1, SMALLEST, np.int8(3)], spec("int64", None), [2**63 - 1, SMALLEST, 3]),
        ([0, 2**64 - 1], spec("uint64", None), [0, 2**64 - 1]),
        ([1e300, -1e300, 2**200], spec("float32", None), [np.inf, -np.inf, np.inf]),
        (np.array([1e300]), spec("float32", None), [np.inf]),
        (
            ["é", b"\xff\x00", {"b64": base64.b64encode(b"\x00").decode()}, None],
            spec("string", None),
            ["é".encode(), b"\xff\x00", b"\x00", b""],
        ),
        (np.array(["é", "b"]), spec("string", None), ["é".encode(), b"b"]),
        (np.array([1, None, 2.5], object), spec("float32", None), [1, np.nan, 2.5]),
        ([np.array([1, 2]), np.array([3])], spec("int64", None, None), [[1, 2], [3, SMALLEST]]),
        (np.array([7, 8], np.uint64), spec("int64", None), [7, 8]),
        (np.array([[1, 2]], np.int64), spec("int16", None, 2), [[1, 2]]),
        (np.array([0.5], np.float64), spec("float16", None), [0.5]),
    ],
)
def test_values_that_fit(value: Any, takes: TensorSpec, expected: Any) -> None:
    array = to_array("x", value, takes)
    assert array.dtype == takes.numpy_type
    np.testing.assert_array_equal(array, np.array(expected, takes.numpy_type), strict=True)


def test_bfloat16() -> None:
    array = to_array("x", [0.5, None, 3], spec("bfloat16", None))
    assert array.dtype.name == "bfloat16"
    np.testing.assert_array_equal(array.astype(np.float32), [0.5, np.nan, 3.0])


def test_ragged_lists_equal_padding_by_hand() -> None:
    random = np.random.default_rng(5)
    rows = [
        [random.integers(-9, 9, random.integers(0, 4)).tolist() for _ in range(random.integers(4))]
        for _ in range(20)
    ]
    expected = np.full((20, 3, 3), SMALLEST)
    for i, row in enumerate(rows):
        for j, values in enumerate(row):
            for k, value in enumerate(values):
                expected[i, j, k] = value
    np.testing.assert_array_equal(to_array("x", rows, spec("int64", None, None, None)), expected)


@pytest.mark.parametrize(
    ("value", "takes", "message"),
    [
        (None, spec("int64", None), r"x is nested 0 deep; it is int64 \[any\]"),
        (5, spec("int64", None), "x is nested 0 deep"),
        ("text", spec("string", None), "x is nested 0 deep"),
        ([1, 2], spec("int64", None, None), "x is nested 1 deep"),
        ([[1]], spec("int64", None), "x is nested 2 deep"),
        (np.zeros((1, 1, 1)), spec("float32", None, None), "x is nested 3 deep"),
        ([[1], 2], spec("int64", None, None), "x holds values and lists side by side"),
        ([1, [2]], spec("int64", None), "x holds values and lists side by side"),
        ([[1], [[2]]], TensorSpec("int64", None), "side by side; it is int64 of any shape"),
        ([[1, 2], [3]], spec("int64", None, 2), r"axis 1 of x has the size 1; it is .* \[any, 2\]"),
        (np.zeros((2, 3)), spec("float32", None, 2), "axis 1 of x has the size 3"),
        ([1, 2], spec("int64", 3), "axis 0 of x has the size 2"),
        (["1"], spec("float32", None), "x holds '1'; it takes float32, or None"),
        ([True], spec("float32", None), "x holds True; it takes float32"),
        ([True], spec("int64", None), "x holds True; it takes int64"),
        (np.array([True]), spec("int64", None), "x holds True; it takes int64"),
        ([1.0], spec("int64", None), "x holds 1.0; it takes int64"),
        (np.array([1.0]), spec("int64", None), "x holds 1.0; it takes int64"),
        (np.array([2**40]), spec("int32", None), "x holds 1099511627776, which int32 does not"),
        (np.array([2**63], np.uint64), spec("int64", None), "which int64 does not"),
        ([2**63], spec("int64", None), "which int64 does not"),
        ([-1], spec("uint8", None), "x holds -1, which uint8 does not"),
        ([1], spec("bool", None), "x holds 1; it takes bool$"),
        ([None], spec("bool", None), "x holds None; it takes bool$"),
        ([[1], []], spec("uint8", None, None), "uint8 has no missing value"),
        ([None, None], spec("bool", None, 2), "bool has no missing value"),
        ([7], spec("string", None), "x holds 7; it takes string"),
        ([{"b64": "?"}], spec("string", None), "cannot be read"),
        ([{"b64": "eA==", "c": 1}], spec("string", None), "it takes string"),
        (["\ud800"], spec("string", None), "cannot be read"),
        ([10**400], spec("float32", None), "cannot be read"),
        ([1], spec("resource", None), "a type whose values no request can list"),
        ([1j], spec("complex64", None), "a type whose values no request can list"),
    ],
)
def test_values_that_do_not_fit(value: Any, takes: TensorSpec, message: str) -> None:
    with pytest.raises(DataError, match=message) as refused:
        to_array("x", value, takes)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("dtype", ["string", "int64", "float32"])
@pytest.mark.parametrize("kind", [object, np.int64])
def test_an_empty_array_keeps_its_axes(dtype: str, kind: type) -> None:
    array = to_array("x", np.empty((0, 9), kind), spec(dtype, None, None))
    assert (array.shape, array.dtype) == ((0, 9), spec(dtype, None).numpy_type)
    with pytest.raises(DataError, match="axis 1 of x has the size 9"):
        to_array("x", np.empty((0, 9), kind), spec(dtype, None, 8))
