"""The rows or columns of a TF Serving REST payload as the arrays that a signature takes."""

import base64
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER

MISSING: dict[str, Any] = {"int64": MISSING_INTEGER, "float32": float("nan"), "string": b""}
_INT64 = np.iinfo(np.int64)


def to_arrays(payload: Mapping[str, Any], takes: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """The request's values as arrays.

    Args:
        payload: holds `instances`, a list of rows, or `inputs`, the columns; null is a missing
            value (which TF Serving itself does not take).
        takes: input name -> tf.TensorSpec of the signature.

    Returns:
        Input name -> array of the signature's type and rank; strings are bytes of dtype object.

    Raises:
        DataError: a name is missing or unknown, a value has another type, lists differ in length.
    """
    by_row = "instances" in payload
    columns = _rows(payload["instances"], takes) if by_row else _columns(payload["inputs"], takes)
    return {name: _array(name, columns[name], takes[name]) for name in takes}


def _rows(instances: Any, takes: Mapping[str, Any]) -> dict[str, list[Any]]:
    if not isinstance(instances, list) or not instances:
        raise DataError("`instances` is a list of at least one row")
    only = next(iter(takes)) if len(takes) == 1 else None
    columns: dict[str, list[Any]] = {key: [] for key in takes}
    for number, row in enumerate(instances):
        named = row if _is_named(row) else {only: row} if only else None
        if named is None:
            raise DataError(f"instance {number} is no object of named values; {_takes(takes)}")
        _check_names(named, takes, f"instance {number}")
        for key in takes:
            columns[key].append(named[key])
    return columns


def _columns(inputs: Any, takes: Mapping[str, Any]) -> Mapping[str, Any]:
    if not _is_named(inputs):
        if len(takes) > 1:
            raise DataError(f"`inputs` is an object of named columns; {_takes(takes)}")
        inputs = {next(iter(takes)): inputs}
    _check_names(inputs, takes, "`inputs`")
    columns: Mapping[str, Any] = inputs
    return columns


def _is_named(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) != {"b64"}


def _check_names(given: Mapping[str, Any], takes: Mapping[str, Any], where: str) -> None:
    lacking = [key for key in takes if key not in given]
    if lacking:
        raise DataError(f"{where} lacks {', '.join(lacking)}; {_takes(takes)}")
    for key in given:
        if key not in takes:
            close = get_close_matches(key, takes, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise DataError(f"{where} has {key!r}, which is no input; {hint}{_takes(takes)}")


def _array(name: str, value: Any, takes: Any) -> Any:
    """A nested list as an array of the signature's type and rank."""
    flat: list[Any] = []
    shape = _flatten(name, value, flat)
    wanted = takes.shape.rank
    if len(shape) < wanted and 0 in shape:
        shape = (*shape, *[0] * (wanted - len(shape)))
    if len(shape) != wanted:
        raise DataError(f"{name} has shape {list(shape)}; it is {_describe(takes)}")
    kind = takes.dtype.name
    values = [_leaf(name, leaf, kind) for leaf in flat]
    with np.errstate(over="ignore"):  # beyond float32 is infinity
        return np.array(values, object if kind == "string" else kind).reshape(shape)


def _flatten(name: str, value: Any, flat: list[Any]) -> tuple[int, ...]:
    if not isinstance(value, list):
        flat.append(value)
        return ()
    shapes = {_flatten(name, element, flat) for element in value}
    if len(shapes) > 1:
        raise DataError(
            f"the lists of {name} differ in length within one request: fill the shorter ones up "
            "(what is past a history's length or a candidate count is not read)"
        )
    return (len(value), *(shapes.pop() if shapes else ()))


def _leaf(name: str, leaf: Any, kind: str) -> Any:
    if leaf is None:
        return MISSING[kind]
    try:
        if kind == "string" and isinstance(leaf, str):
            return leaf.encode()
        if kind == "string" and isinstance(leaf, Mapping) and set(leaf) == {"b64"}:
            return base64.b64decode(leaf["b64"], validate=True)
        if kind == "float32" and isinstance(leaf, int | float) and not isinstance(leaf, bool):
            return float(leaf)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{name} holds {leaf!r}, which cannot be read: {error}") from error
    if kind == "int64" and isinstance(leaf, int) and not isinstance(leaf, bool):
        if _INT64.min <= leaf <= _INT64.max:
            return leaf
        raise DataError(f"{name} holds {leaf}, which int64 does not")
    raise DataError(f"{name} holds {leaf!r}; it takes {kind}, or null for a missing value")


def _takes(takes: Mapping[str, Any]) -> str:
    return f"the signature takes {_join({key: _describe(spec) for key, spec in takes.items()})}"


def _describe(spec: Any) -> str:
    axes = ", ".join("any" if size is None else str(size) for size in spec.shape.as_list())
    return f"{spec.dtype.name} [{axes}]"


def _join(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in values.items())
