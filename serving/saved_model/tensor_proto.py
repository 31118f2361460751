"""TensorProto messages to NumPy arrays and back, by the rules of TensorFlow's own Tensor class."""

from math import prod
from typing import Any

import numpy as np
from tensorflow.core.framework import tensor_pb2, types_pb2

from serving.saved_model.claimed_bytes import ClaimedBytes
from serving.saved_model.data_types import numpy_type
from serving.saved_model.session import Array

_FIELDS = {
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_DOUBLE: "double_val",
    types_pb2.DT_INT32: "int_val",
    types_pb2.DT_INT16: "int_val",
    types_pb2.DT_INT8: "int_val",
    types_pb2.DT_UINT16: "int_val",
    types_pb2.DT_UINT8: "int_val",
    types_pb2.DT_STRING: "string_val",
    types_pb2.DT_INT64: "int64_val",
    types_pb2.DT_BOOL: "bool_val",
    types_pb2.DT_UINT32: "uint32_val",
    types_pb2.DT_UINT64: "uint64_val",
    types_pb2.DT_HALF: "half_val",
    types_pb2.DT_BFLOAT16: "half_val",
    types_pb2.DT_COMPLEX64: "scomplex_val",
    types_pb2.DT_COMPLEX128: "dcomplex_val",
}
_HALVES = (types_pb2.DT_HALF, types_pb2.DT_BFLOAT16)
# A complex number travels as two real ones.
_REAL_PARTS = {types_pb2.DT_COMPLEX64: np.float32, types_pb2.DT_COMPLEX128: np.float64}
_MAXIMUM_RANK = 64  # of a NumPy array; TensorFlow's is 254
_MOST_ELEMENTS = 2**39
_STRING_BYTES = 24  # of TensorFlow's string, beside its characters
# Values become Python objects, ten times their size, on their way into a message: so many at once.
_VALUES_AT_ONCE = 2**16


def to_array(proto: tensor_pb2.TensorProto, claimed: ClaimedBytes | None = None) -> Array:
    """The tensor of a message.

    Values come from `tensor_content` or from the typed field of the data type; where that field
    holds fewer values than the shape has elements, the last one repeats (zero or empty where there
    is none), and what is too many is ignored.

    Args:
        proto: any message from the wire.
        claimed: counts what the tensors of one request claim; None for a tensor by itself.

    Returns:
        An array of the message's shape; strings are bytes of dtype object.

    Raises:
        ValueError: the message is no tensor: unknown type or shape, content of another size.
        TooMuchClaimed: its shape and its repeated value claim too much.

    Source:
        TensorFlow, tensorflow/core/framework/tensor.cc, Tensor::FromProto.
    """
    field = _FIELDS.get(proto.dtype)
    if field is None or proto.tensor_shape.unknown_rank:
        raise ValueError(f"no tensor of type {proto.dtype} can be read")
    if len(proto.tensor_shape.dim) > _MAXIMUM_RANK:
        raise ValueError(f"a tensor has {_MAXIMUM_RANK} dimensions at most")
    shape = tuple([dim.size for dim in proto.tensor_shape.dim])
    if shape and min(shape) < 0:
        raise ValueError(f"the shape {list(shape)} has a negative size")
    count, kind = prod(shape), numpy_type(proto.dtype)
    claimed = ClaimedBytes() if claimed is None else claimed
    implied = prod(max(size, 1) for size in shape)
    if implied > _MOST_ELEMENTS:
        raise ValueError(f"no memory holds the shape {list(shape)}")
    if not count:  # rows without columns are rows all the same
        claimed.add(implied * kind.itemsize)
    content = proto.tensor_content
    if content:
        return _from_content(content, kind, count).reshape(shape)
    values = getattr(proto, field)
    given = _typed(values, proto.dtype, kind)[:count]
    if len(given) < count:
        last = given[-1] if len(given) else (b"" if kind.hasobject else kind.type(0))
        each = _STRING_BYTES + len(last) if kind.hasobject else kind.itemsize
        claimed.add((count - len(given)) * each)
        filled = np.full(count, last, kind)
        filled[: len(given)] = given
        given = filled
    return given.reshape(shape)


def to_content_proto(array: Array, data_type: int) -> tensor_pb2.TensorProto:
    """The message of a tensor, its values as bytes in `tensor_content`.

    Args:
        array: any shape; strings are bytes of dtype object.
        data_type: the DataType of the tensor.

    Returns:
        A message that `to_array` reads back as the same array.

    Source:
        TensorFlow, tensorflow/core/framework/tensor.cc, Tensor::AsProtoTensorContent.
    """
    proto = tensor_pb2.TensorProto(dtype=data_type)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if array.dtype.hasobject:
        strings = array.ravel().tolist()
        proto.tensor_content = b"".join([*map(_varint, map(len, strings)), *strings])
    else:
        proto.tensor_content = array.tobytes()
    return proto


def to_proto(array: Array, data_type: int) -> tensor_pb2.TensorProto:
    """The message of a tensor, its values in the typed field as TensorFlow Serving answers.

    Args:
        array: any shape; strings are bytes of dtype object.
        data_type: the DataType of the tensor.

    Returns:
        A message that `to_array` reads back as the same array.

    Raises:
        KeyError: the data type has no typed field here (quantised).

    Source:
        TensorFlow, tensorflow/core/framework/tensor.cc, Tensor::AsProtoField.
    """
    proto = tensor_pb2.TensorProto(dtype=data_type)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    flat = array.ravel()
    if data_type in _HALVES:
        flat = flat.view(np.uint16)
    elif data_type in _REAL_PARTS:
        flat = flat.view(_REAL_PARTS[data_type])
    values = getattr(proto, _FIELDS[data_type])
    for start in range(0, len(flat), _VALUES_AT_ONCE):
        values.extend(flat[start : start + _VALUES_AT_ONCE].tolist())
    return proto


def _typed(values: Any, data_type: int, kind: np.dtype[Any]) -> Array:
    if kind.hasobject:
        return _objects(list(values))
    if data_type in _HALVES:
        return np.array(values, np.int32).astype(np.uint16).view(kind)
    if data_type in _REAL_PARTS:
        return np.array(values[: len(values) // 2 * 2], _REAL_PARTS[data_type]).view(kind)
    if kind.itemsize < 4 and kind.kind != "b":  # these travel as int32 and wrap, as a C++ cast does
        return np.array(values, np.int32).astype(kind)
    return np.array(values, kind)


def _from_content(content: bytes, kind: np.dtype[Any], count: int) -> Array:
    if kind.hasobject:
        return _objects(_strings(content, count))
    if len(content) != count * kind.itemsize:
        raise ValueError(f"{len(content)} bytes given for {count} elements of {kind}")
    if kind.kind == "b":  # any other byte is no bool to NumPy, and undefined to C++
        truths: Array = np.frombuffer(content, np.uint8) != 0
        return truths
    return np.frombuffer(content, kind)


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _objects(values: list[bytes]) -> Array:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _strings(content: bytes, count: int) -> list[bytes]:
    """`count` lengths as varints, then the strings' bytes one after another."""
    if count > len(content):
        raise ValueError(f"{len(content)} bytes cannot hold {count} strings")
    lengths, position = [], 0
    for _ in range(count):
        length, shift = 0, 0
        while True:
            if position >= len(content) or shift > 63:
                raise ValueError("the lengths of the strings are cut off")
            byte = content[position]
            position += 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        lengths.append(length)
    if position + sum(lengths) != len(content):
        raise ValueError("the strings are not as long as their lengths say")
    strings = []
    for length in lengths:
        strings.append(content[position : position + length])
        position += length
    return strings
