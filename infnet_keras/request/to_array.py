"""One feature's values as the array that a signature takes."""

import base64
from collections.abc import Mapping, Sequence
from reprlib import repr as shortened
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.request.tensor_spec import TensorSpec

Array = npt.NDArray[Any]
_ARRAY_KINDS = {"float": "fiu", "integer": "iu", "bool": "b", "string": ""}
_EXACT_TYPE = {"float": float, "integer": int, "bool": bool, "string": bytes}
_SCALARS = {bool, bytes, float, int, str, type(None)}


def to_array(name: str, value: Any, spec: TensorSpec) -> Array:
    """Values of one input, nested as deep as its rank, in its type.

    Along an axis that the signature leaves free, shorter lists are filled up at the end with the
    type's missing value. None is a missing value, in place of a list a list of them. The innermost
    axes may be left out where the signature gives them the size 1.

    Args:
        name: the input's, for the errors.
        value: nested lists or tuples, arrays, or lists of arrays. Strings are str (sent as UTF-8),
            bytes or `{"b64": ...}`; integers do for floats, but nothing else does for another.
        spec: what the signature declares.

    Returns:
        An array of `spec.numpy_type` and of the declared rank.

    Raises:
        DataError: the values do not fit; the message names the input.

    Example:
        >>> to_array("ids", [[3, 1], [], [None]], TensorSpec("float32", (None, None)))
        array([[ 3.,  1.],
               [nan, nan],
               [nan, nan]], dtype=float32)
    """
    if spec.kind is None:
        raise DataError(f"{name} is {spec}, a type whose values no request can list")
    if isinstance(value, np.ndarray) and value.size == 0 and value.ndim == len(spec.shape or ()):
        # As a list it would lose the axes behind an empty one.
        for axis, (size, wanted) in enumerate(zip(value.shape, spec.shape or (), strict=True)):
            _check_size(name, spec, axis, size, wanted)
        return np.empty(value.shape, spec.numpy_type)
    given = value if isinstance(value, np.ndarray) and value.dtype.kind in "fiub" else _plain(value)
    depth = given.ndim if isinstance(given, np.ndarray) else _depth(given)
    shape = spec.shape if spec.shape is not None else (None,) * (1 if depth is None else depth)
    rank = len(shape) if depth is None else depth
    if rank > len(shape) or any(size != 1 for size in shape[rank:]):
        raise DataError(f"{name} is nested {rank} deep; it is {spec}")
    if isinstance(given, np.ndarray):
        converted = _converted(name, given, spec, shape)
        if converted is not None:
            return converted.reshape(given.shape + (1,) * (len(shape) - rank))
        given = given.tolist()
    sizes = _sizes(name, given, spec, shape[:rank])
    array = np.full(sizes, 0 if spec.missing is None else spec.missing, spec.numpy_type)
    _fill(name, array, given, spec)
    return array.reshape((*sizes, *[1] * (len(shape) - rank)))


def _converted(
    name: str, array: Array, spec: TensorSpec, shape: Sequence[int | None]
) -> Array | None:
    """A numeric array in the signature's type; None if a value of it does not fit."""
    if array.dtype.kind not in _ARRAY_KINDS[spec.kind or "string"]:
        return None
    for axis, (size, wanted) in enumerate(zip(array.shape, shape, strict=False)):
        _check_size(name, spec, axis, size, wanted)
    with np.errstate(over="ignore"):  # beyond the type's range is infinity
        converted = array.astype(spec.numpy_type)
    if spec.kind == "integer" and not np.array_equal(converted, array):
        return None
    return converted


def _plain(value: Any) -> Any:
    """Arrays, series and scalars of NumPy as nested lists, tuples as lists."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        return value
    return list(value) if set(map(type, value)) <= _SCALARS else [_plain(v) for v in value]


def _depth(value: Any) -> int | None:
    """How deep a value is nested; None where nothing but empty lists and None says it."""
    if not isinstance(value, list):
        return 0
    depths = (_depth(element) for element in value if element is not None)
    inner = next((depth for depth in depths if depth is not None), None)
    return None if inner is None else inner + 1


def _sizes(name: str, value: Any, spec: TensorSpec, shape: Sequence[int | None]) -> list[int]:
    """The size of each axis: the longest list along it where it is free."""
    sizes: list[int] = []
    lists = [value]
    for axis, wanted in enumerate(shape):
        if not all(element is None or isinstance(element, list) for element in lists):
            raise DataError(f"{name} holds values and lists side by side; it is {spec}")
        lengths = {None if element is None else len(element) for element in lists}
        found = lengths - {None}
        size = max((length for length in found if length is not None), default=wanted or 0)
        for length in found:
            _check_size(name, spec, axis, length or 0, wanted)
        if spec.missing is None and (len(lengths) > 1 or None in lengths):
            raise DataError(
                f"the lists of {name} differ in length, and {spec.dtype} has no missing value to "
                "fill the shorter ones up with"
            )
        sizes.append(size)
        lists = [element for part in lists if part is not None for element in part]
    if any(isinstance(element, list) for element in lists):
        raise DataError(f"{name} holds values and lists side by side; it is {spec}")
    return sizes


def _check_size(name: str, spec: TensorSpec, axis: int, size: int, wanted: int | None) -> None:
    if wanted is not None and size != wanted:
        raise DataError(f"axis {axis} of {name} has the size {size}; it is {spec}")


def _fill(name: str, array: Array, value: Any, spec: TensorSpec) -> None:
    """Write nested lists into an array that holds the missing value everywhere."""
    if array.ndim > 1:
        for row, element in zip(array, value, strict=False):
            if element is not None:
                _fill(name, row, element, spec)
        return
    leaves = value if array.ndim else [value]
    if not _are_exact(leaves, spec):
        leaves = [_leaf(name, leaf, spec) for leaf in leaves]
    with np.errstate(over="ignore"):
        if array.ndim:
            array[: len(leaves)] = leaves
        else:
            array[()] = leaves[0]


def _are_exact(leaves: Sequence[Any], spec: TensorSpec) -> bool:
    """Whether all can be stored as they are: what most values are, found without a loop."""
    if set(map(type, leaves)) != {_EXACT_TYPE[spec.kind or "string"]}:
        return False
    return spec.kind != "integer" or _holds(spec, min(leaves), max(leaves))


def _holds(spec: TensorSpec, *values: int) -> bool:
    bounds = np.iinfo(spec.dtype)
    return all(int(bounds.min) <= value <= int(bounds.max) for value in values)


def _leaf(name: str, value: Any, spec: TensorSpec) -> Any:
    """A single value in the signature's type."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    try:
        if value is None and spec.missing is not None:
            return spec.missing
        if spec.kind == "string" and isinstance(value, str | bytes):
            return value.encode() if isinstance(value, str) else value
        if spec.kind == "string" and isinstance(value, Mapping) and set(value) == {"b64"}:
            return base64.b64decode(value["b64"], validate=True)
        if spec.kind == "float" and (whole or isinstance(value, float)):
            return float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{name} holds {shortened(value)}, which cannot be read: {error}"
        ) from error
    if spec.kind == "bool" and isinstance(value, bool):
        return value
    if spec.kind == "integer" and whole:
        if _holds(spec, value):
            return value
        raise DataError(f"{name} holds {shortened(value)}, which {spec.dtype} does not")
    or_none = ", or None for a missing value" if spec.missing is not None else ""
    raise DataError(f"{name} holds {shortened(value)}; it takes {spec.dtype}{or_none}")
