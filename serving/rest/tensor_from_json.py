"""Nested JSON arrays as NumPy arrays."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from tensorflow.core.framework import types_pb2

from serving.rest.first_misfit import first_misfit
from serving.rest.json_document import quote_value
from serving.rest.tensor_element import FLOATING_TYPES, INTEGER_BOUNDS, tensor_element
from serving.saved_model.data_types import data_type_name, numpy_type
from serving.saved_model.session import Array
from serving.status import StatusError, invalid_argument, unimplemented

_MAXIMUM_RANK = 64  # of a NumPy array; TensorFlow's is 254


def tensor_from_json(value: Any, data_type: int) -> Array:
    """A JSON value, or arrays of them nested alike, as an array.

    Args:
        value: as parsed.
        data_type: DataType of the array.

    Returns:
        Array of the data type's NumPy type (strings: objects that are bytes) whose shape is the
        nesting.

    Raises:
        StatusError: the arrays are ragged or a value is not of the data type; the message is
            about the first such one.

    Example:
        >>> tensor_from_json([[1, 2.5]], types_pb2.DT_FLOAT)
        array([[1. , 2.5]], dtype=float32)

    Source:
        FillTensorProto of TensorFlow Serving's util/json_tensor.cc.
    """
    batch = stack_tensors([value], data_type)
    if batch is None:
        check_tensor(value, data_type)
        raise rank_error()
    return batch.reshape(batch.shape[1:])


def stack_tensors(values: Sequence[Any], data_type: int) -> Array | None:
    """JSON values of one shape as an array.

    Args:
        values: at least one, as parsed; each could be given to `tensor_from_json`.
        data_type: DataType of the array.

    Returns:
        Array whose first axis is along `values`; None if some value is wrong, or differs in shape
        (`check_tensor` says which and why), or the array would have too many axes.

    Example:
        >>> stack_tensors([[1], [2]], types_pb2.DT_INT32)
        array([[1],
               [2]], dtype=int32)
    """
    shape = [len(values)]
    while (kinds := set(map(type, values))) == {list}:
        sizes = set(map(len, values))
        if len(sizes) > 1:
            return None
        shape.extend(sizes)
        values = list(chain.from_iterable(values))
    if len(shape) > _MAXIMUM_RANK:
        return None
    array = _stack_elements(values, kinds, data_type)
    return None if array is None else array.reshape(shape)


def check_tensor(value: Any, data_type: int) -> list[int]:
    """Look at a JSON value element by element.

    Returns:
        Its shape: the lengths of the first array of each level.

    Raises:
        StatusError: about the first array or element that does not fit.

    Example:
        >>> check_tensor([[1, 2], [3, 4]], types_pb2.DT_INT32)
        [2, 2]
    """
    shape: list[int] = []
    first = value
    while isinstance(first, list):
        shape.append(len(first))
        first = first[0] if first else None
    remaining = [iter([value])]
    while remaining:
        level = len(remaining) - 1
        for item in remaining[-1]:
            _check_item(item, level, shape, data_type)
            if isinstance(item, list):
                if level == len(shape) - 1:
                    item = _from_first_misfit(item, data_type)
                remaining.append(iter(item))
                break
        else:
            remaining.pop()
    return shape


def rank_error() -> StatusError:
    """The error for a value that is right, but for more axes than an array has here."""
    return invalid_argument(f"JSON arrays are nested too deep: {_MAXIMUM_RANK} levels are possible")


def _check_item(item: Any, level: int, shape: list[int], data_type: int) -> None:
    rank = len(shape)
    if not isinstance(item, list):
        if level != rank:
            raise invalid_argument(
                f"JSON Value: {quote_value(item)} found at incorrect level: {level + 1} "
                f"in the JSON DOM. Expected at level: {rank}"
            )
        tensor_element(item, data_type)
    elif level >= rank:
        raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {rank}")
    elif len(item) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(item)} at level: {level} "
            f"expected size: {shape[level]}"
        )


def _from_first_misfit(elements: list[Any], data_type: int) -> list[Any]:
    def fit(part: Sequence[Any]) -> bool:
        return _stack_elements(part, set(map(type, part)), data_type) is not None

    return [] if fit(elements) else elements[first_misfit(elements, fit) :]


def _stack_elements(values: Sequence[Any], kinds: set[type], data_type: int) -> Array | None:
    """Values of the given types as an array of one axis; None if one of them is wrong."""
    if not values:
        return _empty(data_type)
    if data_type in FLOATING_TYPES and kinds <= {int, float}:
        return _stack_floats(values, data_type)
    if data_type in INTEGER_BOUNDS and kinds == {int}:
        return _stack_integers(values, data_type)
    if data_type == types_pb2.DT_BOOL and kinds == {bool}:
        return np.array(values, np.bool_)
    if data_type == types_pb2.DT_STRING and kinds == {str}:
        return _objects(list(map(str.encode, values)))
    if data_type == types_pb2.DT_STRING and kinds <= {str, dict}:
        try:
            return _objects([tensor_element(value, data_type) for value in values])
        except StatusError:
            return None
    return None


def _empty(data_type: int) -> Array:
    try:
        return np.empty(0, numpy_type(data_type))
    except (KeyError, TypeError):
        raise unimplemented(
            f"Conversion of JSON Value: [] to type: {data_type_name(data_type)}"
        ) from None


def _stack_floats(values: Sequence[float], data_type: int) -> Array:
    # By way of a double, as RapidJSON's GetFloat goes; what is beyond a float is infinite.
    with np.errstate(over="ignore"):
        return np.array(values, np.float64).astype(numpy_type(data_type))


def _stack_integers(values: Sequence[int], data_type: int) -> Array | None:
    wide = np.uint64 if data_type == types_pb2.DT_UINT64 else np.int64
    try:
        numbers = np.array(values, wide)
    except OverflowError:
        return None
    lowest, highest = INTEGER_BOUNDS[data_type]
    if not lowest <= numbers.min() <= numbers.max() <= highest:
        return None
    return numbers.astype(numpy_type(data_type))


def _objects(elements: Sequence[float | bytes]) -> Array:
    array = np.empty(len(elements), np.object_)
    array[:] = elements
    return array
