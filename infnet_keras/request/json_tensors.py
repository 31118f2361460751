"""Arrays as the JSON of TensorFlow Serving's REST API, and back."""

import base64
from typing import Any

import numpy as np

from infnet_keras.request.tensor_spec import TensorSpec
from infnet_keras.request.to_array import Array


def to_json(array: Array) -> Any:
    """Nested lists that JSON can hold.

    Args:
        array: of any type; strings are bytes.

    Returns:
        Numbers (NaN and infinities among them, which TensorFlow Serving reads and writes),
        booleans, and strings: str where they are UTF-8, else `{"b64": ...}`.
    """
    if array.dtype.kind == "O":
        return _map(array.tolist(), _text)
    # NumPy's own types convert themselves; bfloat16 goes by way of float32, which holds it.
    return (array if array.dtype.kind in "biuf" else array.astype(np.float32)).tolist()


def from_json(value: Any, spec: TensorSpec) -> Array:
    """Nested lists as an array of the signature's type.

    Args:
        value: what the REST API answers for one tensor.
        spec: what the signature says of it.

    Returns:
        The array, strings as bytes.

    Raises:
        TypeError, ValueError: the value is of another type, or its lists differ in length.
    """
    values = _map(value, _bytes) if spec.dtype == "string" else value
    array = np.array(values, spec.numpy_type)
    if array.size == 0 and spec.shape is not None and array.ndim < len(spec.shape):
        array = array.reshape(array.shape + (0,) * (len(spec.shape) - array.ndim))
    return array


def _map(value: Any, convert: Any) -> Any:
    if isinstance(value, list):
        return [_map(element, convert) for element in value]
    return convert(value)


def _text(value: bytes) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}


def _bytes(value: Any) -> bytes:
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    # Bytes that are not UTF-8 come through the body's decoding as lone surrogates.
    encoded: bytes = value.encode("utf-8", "surrogateescape")
    return encoded
