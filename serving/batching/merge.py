"""The tensors of several tasks as one, and back."""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

import numpy as np

from serving.saved_model.session import Array
from serving.status import failed_precondition, invalid_argument


def merge_rows(name: str, arrays: Sequence[Array], rows: int, pad: bool) -> Array:
    """Put the rows of tensors below each other.

    Args:
        name: of the tensor, for messages.
        arrays: one for each task, of the same dtype; with `pad`, also of the same rank.
        rows: of the result. If the arrays have fewer, the first row of the last one follows them as
            often as it takes: a row that the model can certainly take.
        pad: whether dimensions after the first may differ; then an array is extended to the largest
            size of each with its own first element.

    Returns:
        An array of shape [rows, ...]; if there is nothing to merge, the only array itself.

    Raises:
        StatusError: FAILED_PRECONDITION, dimensions differ and `pad` is off; INVALID_ARGUMENT, an
            array to extend has no element.

    Example:
        >>> merge_rows("x", [np.array([[1, 2]]), np.array([[3]])], rows=3, pad=True)
        array([[1, 2],
               [3, 3],
               [3, 3]])

    Source:
        TensorFlow Serving, batching/batching_session.cc, MergeInputTensors; batching_util.cc.
    """
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) > 1:
        if not pad:
            raise failed_precondition(
                f"Tensors with name '{name}' from different tasks have different shapes and "
                "padding is turned off. Set pad_variable_length_inputs to true, or ensure that all "
                "tensors with the same name have equal dimensions starting with the first dim."
            )
        shape = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
        arrays = [_extended(array, shape) for array in arrays]
    missing = rows - sum(len(array) for array in arrays)
    if missing:
        last = arrays[-1]
        arrays = [*arrays, np.broadcast_to(last[:1], (missing, *last.shape[1:]))]
    return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]


def split_rows(array: Array, sizes: Sequence[int], rows: int) -> Iterator[Array]:
    """The rows of each task in an output of a batch.

    Args:
        array: shape [rows, ...].
        sizes: rows of each task.
        rows: of the batch, padding included.

    Returns:
        Views of the array, one for each size; the rows of padding are in none.

    Raises:
        StatusError: FAILED_PRECONDITION, the array has no rows or a wrong number of them.

    Example:
        >>> list(split_rows(np.array([1, 2, 3, 3]), [1, 2], rows=4))
        [array([1]), array([2, 3])]

    Source:
        TensorFlow Serving, batching/batching_session.cc, SplitOutputTensors.
    """
    if np.ndim(array) == 0:
        raise failed_precondition("Batched output tensor has 0 dimensions")
    if len(array) != rows:
        raise failed_precondition(
            "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension "
            "sizes of the input tensors"
        )
    return (array[start:stop] for start, stop in pairwise(accumulate(sizes, initial=0)))


def _extended(array: Array, shape: tuple[int, ...]) -> Array:
    if array.shape[1:] == shape:
        return array
    if not array.size and 0 not in shape:
        raise invalid_argument("Got empty tensor in batch of non-empty tensors.")
    extended = np.empty((len(array), *shape), array.dtype)
    if array.size:
        extended[...] = array.flat[0]
        extended[tuple(slice(size) for size in array.shape)] = array
    return extended
