"""Predict responses as JSON."""

import math
from collections.abc import Mapping

from tensorflow.core.framework import types_pb2

from serving.rest.base64_object import encode_base64_object
from serving.rest.decimal_text import format_decimals
from serving.rest.json_text import new_line, write_array, write_object, write_string
from serving.rest.predict_request import RequestFormat
from serving.saved_model.data_types import data_type_name
from serving.saved_model.session import Array
from serving.status import invalid_argument

_INTEGER_TYPES = {
    types_pb2.DT_INT8,
    types_pb2.DT_INT16,
    types_pb2.DT_INT32,
    types_pb2.DT_INT64,
    types_pb2.DT_UINT8,
    types_pb2.DT_UINT32,
    types_pb2.DT_UINT64,
}
_BYTES_SUFFIX = "_bytes"


def write_predictions(
    outputs: Mapping[str, Array], data_types: Mapping[str, int], format: RequestFormat
) -> bytes:
    r"""The JSON of a predict response.

    Args:
        outputs: output alias -> value.
        data_types: output alias -> DataType of the value. Strings are text, which is written as
            it is (bytes that are not UTF-8 too), or base64 if the alias ends in "_bytes".
        format: of the request.

    Returns:
        An object "predictions" of one element for each row, or "outputs" of one for each output;
        the output's name is left out where there is only one. Names are in sorted order.

    Raises:
        StatusError: no outputs, outputs of several batch sizes, or of a type that has no JSON.

    Example:
        >>> x = np.array([2.5, 3], np.float32)
        >>> write_predictions({"x": x}, {"x": types_pb2.DT_FLOAT}, RequestFormat.ROW)
        b'{\n    "predictions": [2.5, 3.0\n    ]\n}'

    Source:
        MakeJsonFromTensors of TensorFlow Serving's util/json_tensor.cc.
    """
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")
    sorted_outputs = {name: outputs[name] for name in sorted(outputs)}
    if format is RequestFormat.ROW:
        member = ("predictions", _write_rows(sorted_outputs, data_types))
    else:
        member = ("outputs", _write_columns(sorted_outputs, data_types))
    return write_object([member], 0).encode(errors="surrogateescape")


def _write_rows(outputs: dict[str, Array], data_types: Mapping[str, int]) -> str:
    _check_batch_sizes(outputs)
    named = len(outputs) > 1
    columns = {
        name: _write_tensor(name, array, data_types[name], 3 if named else 2, from_axis=1)
        for name, array in outputs.items()
    }
    rows = list(zip(*columns.values(), strict=True))
    if named:
        objects = [write_object(list(zip(columns, row, strict=True)), 2) for row in rows]
        return write_array(objects, 1, single_line=False)
    # TensorFlow Serving leaves the single-line style before it closes this array.
    return f"[{', '.join(text for (text,) in rows)}{new_line(1)}]" if rows else "[]"


def _write_columns(outputs: dict[str, Array], data_types: Mapping[str, int]) -> str:
    depth = 2 if len(outputs) > 1 else 1
    columns = [
        (name, _write_tensor(name, array, data_types[name], depth, from_axis=0)[0])
        for name, array in outputs.items()
    ]
    return write_object(columns, 1) if len(columns) > 1 else columns[0][1]


def _check_batch_sizes(outputs: dict[str, Array]) -> None:
    expected: int | None = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        if expected is not None and len(array) != expected:
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} "
                f"expecting: {expected}"
            )
        expected = len(array)


def _write_tensor(name: str, array: Array, data_type: int, depth: int, from_axis: int) -> list[str]:
    """The JSON of each part of an array that the axes before `from_axis` tell apart.

    The parts are inside `depth` arrays and objects; without axes before it there is one part.
    """
    single_line = from_axis > 0
    texts = _write_elements(name, array, data_type, depth + array.ndim - from_axis)
    for axis in reversed(range(from_axis, array.ndim)):
        size = array.shape[axis]
        texts = [
            write_array(
                texts[index * size : (index + 1) * size], depth + axis - from_axis, single_line
            )
            for index in range(math.prod(array.shape[:axis]))
        ]
    return texts


def _write_elements(name: str, array: Array, data_type: int, depth: int) -> list[str]:
    if array.size == 0:
        return []
    if data_type in (types_pb2.DT_FLOAT, types_pb2.DT_DOUBLE):
        return format_decimals(array)
    elements = array.ravel().tolist()
    if data_type in _INTEGER_TYPES:
        return list(map(str, elements))
    if data_type == types_pb2.DT_BOOL:
        return ["true" if element else "false" for element in elements]
    if data_type == types_pb2.DT_STRING and name.endswith(_BYTES_SUFFIX):
        return [write_object(encode_base64_object(element), depth) for element in elements]
    if data_type == types_pb2.DT_STRING:
        return [write_string(text.decode(errors="surrogateescape")) for text in elements]
    raise invalid_argument(
        f"Failed to write JSON value for tensor type: {data_type_name(data_type)}"
    )
