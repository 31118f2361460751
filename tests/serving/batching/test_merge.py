"""Tensors of several tasks as one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_dtypes import bfloat16

from serving.batching.merge import merge_rows, split_rows
from serving.status import Code, StatusError


def padded(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The reference: NumPy's own padding."""
    widths = [(0, 0)] + [(0, size - own) for size, own in zip(shape, array.shape[1:], strict=True)]
    return np.pad(array, widths, constant_values=array.flat[0])


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_, np.complex64, bfloat16])
def test_rows_are_put_below_each_other(dtype: type) -> None:
    arrays = [np.arange(6).reshape(3, 2).astype(dtype), np.ones((1, 2), dtype)]
    merged = merge_rows("x", arrays, rows=4, pad=False)
    assert merged.dtype == dtype
    np.testing.assert_array_equal(merged, np.concatenate(arrays))


def test_a_lone_array_is_not_copied() -> None:
    array = np.zeros((3, 2))
    assert merge_rows("x", [array], rows=3, pad=True) is array


def test_missing_rows_are_the_first_row_of_the_last_array() -> None:
    arrays = [np.array([[1, 2]]), np.array([[3, 4], [5, 6]])]
    merged = merge_rows("x", arrays, rows=5, pad=False)
    assert merged.tolist() == [[1, 2], [3, 4], [5, 6], [3, 4], [3, 4]]


def test_strings_are_padded_with_strings() -> None:
    arrays = [np.array([[b"a", b"b"]], object), np.array([[b"c"], [b"d"]], object)]
    merged = merge_rows("s", arrays, rows=4, pad=True)
    assert merged.tolist() == [[b"a", b"b"], [b"c", b"c"], [b"d", b"c"], [b"c", b"c"]]


@pytest.mark.parametrize("other", [(1, 3), (1, 2, 1), (1,)])
def test_unequal_shapes_need_padding(other: tuple[int, ...]) -> None:
    with pytest.raises(StatusError) as error:
        merge_rows("x", [np.zeros((1, 2)), np.zeros(other)], rows=2, pad=False)
    assert error.value.code is Code.FAILED_PRECONDITION
    assert error.value.message == (
        "Tensors with name 'x' from different tasks have different shapes and padding is turned "
        "off. Set pad_variable_length_inputs to true, or ensure that all tensors with the same "
        "name have equal dimensions starting with the first dim."
    )


@given(
    shapes=st.integers(0, 3).flatmap(
        lambda rank: st.lists(
            st.tuples(st.integers(1, 3), *[st.integers(1, 4)] * rank), min_size=1, max_size=4
        )
    ),
    extra=st.integers(0, 3),
)
def test_padding_is_numpys(shapes: list[tuple[int, ...]], extra: int) -> None:
    generator = np.random.default_rng(0)
    arrays = [generator.integers(0, 99, shape) for shape in shapes]
    largest = tuple(max(sizes) for sizes in zip(*(shape[1:] for shape in shapes), strict=True))
    references = [padded(array, largest) for array in arrays]
    reference = np.concatenate([*references, *[references[-1][:1]] * extra])
    merged = merge_rows("x", arrays, rows=len(reference), pad=True)
    np.testing.assert_array_equal(merged, reference)
    assert merged.dtype == np.int64


def test_nothing_can_be_extended_to_something() -> None:
    with pytest.raises(StatusError) as error:
        merge_rows("x", [np.zeros((1, 2)), np.zeros((1, 0))], rows=2, pad=True)
    assert error.value.code is Code.INVALID_ARGUMENT
    assert error.value.message == "Got empty tensor in batch of non-empty tensors."


def test_nothing_can_be_extended_to_nothing() -> None:
    merged = merge_rows("x", [np.zeros((1, 0, 2)), np.zeros((2, 0, 3))], rows=3, pad=True)
    assert merged.shape == (3, 0, 3)


def test_rows_are_divided_and_those_of_padding_dropped() -> None:
    parts = list(split_rows(np.arange(10).reshape(5, 2), [1, 3], rows=5))
    assert [part.tolist() for part in parts] == [[[0, 1]], [[2, 3], [4, 5], [6, 7]]]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (np.array(3.0), "Batched output tensor has 0 dimensions"),
        (b"a scalar string", "Batched output tensor has 0 dimensions"),
        (
            np.zeros(3),
            "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension "
            "sizes of the input tensors",
        ),
    ],
)
def test_an_output_without_the_rows_cannot_be_divided(output: np.ndarray, message: str) -> None:
    with pytest.raises(StatusError) as error:
        split_rows(output, [1, 1], rows=2)
    assert error.value.code is Code.FAILED_PRECONDITION
    assert error.value.message == message
