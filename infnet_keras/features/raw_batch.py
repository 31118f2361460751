"""A batch of raw inputs, checked: arrays or JSON lists in, arrays of the declared types out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER, missing_as_null
from infnet_keras.features.raw_inputs import RawInput


def read_raw(inputs: list[RawInput], raw: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """Check a raw batch and bring it to the declared types.

    Args:
        inputs: what is expected.
        raw: for each name an array, or (nested) lists as JSON has them, None for missing.

    Returns:
        For each name int64, float32 or object (bytes), of the shape of its kind. Missing values
        are the smallest int64, NaN, b"".

    Raises:
        DataError: a name is missing or unknown, or an input has the wrong shape or type.
    """
    expected = [raw_input.name for raw_input in inputs]
    check_names(expected, raw)
    arrays = {raw_input.name: _read(raw_input, raw[raw_input.name]) for raw_input in inputs}
    batch = len(arrays[expected[0]]) if expected else 0
    steps: dict[str, tuple[str, int]] = {}
    for raw_input in inputs:
        name, array = raw_input.name, arrays[raw_input.name]
        if len(array) != batch:
            raise DataError(
                f"raw input {name!r} has {len(array)} rows, but {expected[0]!r} has {batch}: every "
                "input leads with the same batch"
            )
        if raw_input.kind == "sequence":
            first, count = steps.setdefault(str(raw_input.sequence), (name, array.shape[1]))
            if array.shape[1] != count:
                raise DataError(
                    f"raw input {name!r} has {array.shape[1]} steps, but {first!r} has {count}: "
                    "the attributes of one behaviour have the same steps"
                )
    return arrays


def check_names(expected: list[str], given: Mapping[str, Any]) -> None:
    """Raise DataError unless exactly the expected raw inputs are given."""
    for name in expected:
        if name not in given:
            raise DataError(f"raw input {name!r} is missing; expected: {', '.join(expected)}")
    for name in given:
        if name not in expected:
            raise DataError(f"raw input {name!r} is unknown; expected: {', '.join(expected)}")


def _read(raw_input: RawInput, values: Any) -> npt.NDArray[Any]:
    name, dtype = raw_input.name, raw_input.dtype
    array = values if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    rank = 2 if raw_input.kind == "sequence" else 1
    if rank == 2 and array.shape == (0,):
        array = array.reshape(0, 0)
    if array.ndim != rank:
        expected = "[batch, steps] with rows of one length" if rank == 2 else "[batch]"
        raise DataError(f"raw input {name!r} has shape {list(array.shape)}, expected {expected}")
    flat = missing_as_null(array.ravel(), name)
    is_integer, is_float = pa.types.is_integer(flat.type), pa.types.is_floating(flat.type)
    fits = {"int64": is_integer, "float32": is_integer or is_float}
    if not (pa.types.is_null(flat.type) or fits.get(dtype, not is_integer and not is_float)):
        raise DataError(f"raw input {name!r} holds {flat.type} values, expected {dtype}")
    read: npt.NDArray[Any]
    if dtype == "int64":
        read = flat.cast(pa.int64()).fill_null(MISSING_INTEGER).to_numpy(zero_copy_only=False)
    elif dtype == "float32":
        missing = flat.is_null().to_numpy(zero_copy_only=False)
        numbers = (flat.cast(pa.int64()) if pa.types.is_null(flat.type) else flat).fill_null(0)
        with np.errstate(over="ignore"):
            single = numbers.to_numpy(zero_copy_only=False).astype(np.float32)
        read = np.where(missing, np.float32(np.nan), single)
    else:
        binary = flat.cast(pa.binary()) if pa.types.is_null(flat.type) else flat
        read = binary.fill_null(b"").to_numpy(zero_copy_only=False)
    return read.reshape(array.shape)
