"""One JSON value as an element of a tensor, by TensorFlow Serving's rules."""

from typing import Any

from tensorflow.core.framework import types_pb2

from serving.rest.base64_object import decode_base64_object
from serving.rest.json_document import json_type_name, quote_value
from serving.saved_model.data_types import data_type_name
from serving.status import StatusError, invalid_argument, unimplemented

FLOATING_TYPES = (types_pb2.DT_FLOAT, types_pb2.DT_DOUBLE)

# Lowest and highest JSON integer of each integer type: one that is shorter than int32 takes any
# int32, and wraps it.
INTEGER_BOUNDS = {
    types_pb2.DT_INT8: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT16: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT32: (-(2**31), 2**31 - 1),
    types_pb2.DT_UINT8: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT64: (-(2**63), 2**63 - 1),
    types_pb2.DT_UINT32: (0, 2**32 - 1),
    types_pb2.DT_UINT64: (0, 2**64 - 1),
}


def tensor_element(value: Any, data_type: int) -> float | bytes:
    """A JSON value that is no array as an element of a tensor.

    Args:
        value: as parsed.
        data_type: DataType of the tensor.

    Returns:
        A number, a bool or, for a string tensor, bytes. Integers are not wrapped yet.

    Raises:
        StatusError: the value is of another type, or no value can be an element of such a tensor.

    Example:
        >>> tensor_element("a", types_pb2.DT_STRING)
        b'a'

    Source:
        AddValueToTensor of TensorFlow Serving's util/json_tensor.cc.
    """
    if isinstance(value, dict):
        if data_type == types_pb2.DT_STRING:
            return decode_base64_object(value)
        raise _type_error(value, data_type)
    kind = type(value)
    if data_type in FLOATING_TYPES and kind in (int, float):
        return float(value)
    if data_type in INTEGER_BOUNDS and kind is int:
        lowest, highest = INTEGER_BOUNDS[data_type]
        if lowest <= value <= highest:
            return int(value)
    if data_type == types_pb2.DT_BOOL and kind is bool:
        return bool(value)
    if data_type == types_pb2.DT_STRING and kind is str:
        return bytes(value, "utf-8")
    if data_type in (*FLOATING_TYPES, *INTEGER_BOUNDS, types_pb2.DT_BOOL, types_pb2.DT_STRING):
        raise _type_error(value, data_type)
    raise unimplemented(
        f"Conversion of JSON Value: {quote_value(value)} to type: {data_type_name(data_type)}"
    )


def _type_error(value: Any, data_type: int) -> StatusError:
    return invalid_argument(
        f"JSON Value: {quote_value(value)} Type: {json_type_name(value)} "
        f"is not of expected type: {data_type_name(data_type)}"
    )
