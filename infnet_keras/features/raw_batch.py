"""A batch of raw inputs, checked: arrays or JSON lists in, arrays of the declared types out."""

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.features.raw_inputs import RawInput
from infnet_keras.request.encode import check_rows
from infnet_keras.request.tensor_spec import TensorSpec
from infnet_keras.request.to_array import to_array


def read_raw(inputs: list[RawInput], raw: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """Check a raw batch and bring it to the declared types, as a request's values are.

    Args:
        inputs: what is expected, all of it: unlike a request a batch holds its lengths.
        raw: for each name an array, or (nested) lists as JSON has them, None for missing; see
            `to_array`.

    Returns:
        For each name int64, float32 or object (bytes), of the shape of its kind. Missing values
        are the smallest int64, NaN, b"".

    Raises:
        DataError: a name is missing or unknown, or an input has the wrong shape or type.
    """
    check_names([raw_input.name for raw_input in inputs], raw)
    arrays = {
        raw_input.name: to_array(raw_input.name, raw[raw_input.name], _spec(raw_input))
        for raw_input in inputs
    }
    check_rows({name: len(array) for name, array in arrays.items()})
    steps: dict[str | None, tuple[str, int]] = {}
    for raw_input in inputs:
        if raw_input.kind == "sequence":
            name, count = raw_input.name, arrays[raw_input.name].shape[1]
            first, expected = steps.setdefault(raw_input.sequence, (name, count))
            if count != expected:
                raise DataError(
                    f"{name} has {count} steps, but {first} has {expected}: the attributes of one "
                    "behaviour have the same steps"
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


def _spec(raw_input: RawInput) -> TensorSpec:
    return TensorSpec(raw_input.dtype, (None,) * (2 if raw_input.kind == "sequence" else 1))
