"""TensorProto to arrays and back, against TensorFlow's own conversions."""

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.tensor_pb2 import TensorProto

from serving.saved_model.claimed_bytes import ClaimedBytes, TooMuchClaimed
from serving.saved_model.data_types import data_type_name, data_type_of, numpy_type
from serving.saved_model.tensor_proto import to_array, to_proto

NUMERIC = [
    np.float32,
    np.float64,
    np.float16,
    np.int8,
    np.int16,
    np.int32,
    np.int64,
    np.uint8,
    np.uint16,
    np.uint32,
    np.uint64,
    np.bool_,
    np.complex64,
    np.complex128,
]
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def proto(data_type: int, shape: list[int], **fields: object) -> TensorProto:
    message = TensorProto(dtype=data_type, **fields)
    for size in shape:
        message.tensor_shape.dim.add(size=size)
    return message


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NUMERIC).flatmap(lambda kind: hnp.arrays(kind, SHAPES)))
def test_numbers_survive_both_encodings(array: np.ndarray) -> None:
    typed = to_proto(array, data_type_of(array.dtype))
    assert not typed.tensor_content
    for message in (typed, tf.make_tensor_proto(array)):
        found = to_array(message)
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
        np.testing.assert_array_equal(tf.make_ndarray(typed), array)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=5))
def test_strings_survive_both_encodings(values: list[bytes]) -> None:
    array = np.empty(len(values), object)
    array[:] = values
    content = proto(types_pb2.DT_STRING, [len(values)])
    for value in values:  # what TensorFlow's C++ writes: lengths, then bytes
        length = len(value)
        while length >= 0x80:
            content.tensor_content += bytes([length & 0x7F | 0x80])
            length >>= 7
        content.tensor_content += bytes([length])
    content.tensor_content += b"".join(values)
    for message in (to_proto(array, types_pb2.DT_STRING), content):
        assert to_array(message).tolist() == values
        if values:
            assert tf.io.parse_tensor(message.SerializeToString(), tf.string).numpy().tolist() == (
                values
            )


def test_bfloat16() -> None:
    array = np.array([1.5, -2.0, float("nan")], ml_dtypes.bfloat16)
    found = to_array(to_proto(array, types_pb2.DT_BFLOAT16))
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found.view(np.uint16), array.view(np.uint16))


@pytest.mark.parametrize(
    "message",
    [
        proto(types_pb2.DT_FLOAT, [2, 3], float_val=[1.0, 2.0]),
        proto(types_pb2.DT_FLOAT, [2, 3]),
        proto(types_pb2.DT_FLOAT, [2], float_val=[1.0, 2.0, 3.0]),
        proto(types_pb2.DT_INT64, [3], int64_val=[7]),
        proto(types_pb2.DT_STRING, [2, 2], string_val=[b"a", b"b"]),
        proto(types_pb2.DT_STRING, [2]),
        proto(types_pb2.DT_BOOL, [3], bool_val=[False, True]),
        proto(types_pb2.DT_UINT8, [2], int_val=[300, -1]),
        proto(types_pb2.DT_INT32, []),
        proto(types_pb2.DT_COMPLEX64, [3], scomplex_val=[1.0, 2.0, 3.0, 4.0]),
    ],
)
def test_values_that_are_too_few_or_too_many_are_read_as_tensorflow_reads_them(
    message: TensorProto,
) -> None:
    expected = tf.io.parse_tensor(message.SerializeToString(), message.dtype).numpy()
    found = to_array(message)
    assert found.shape == expected.shape
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize(
    "message",
    [
        proto(types_pb2.DT_INVALID, [1]),
        proto(types_pb2.DT_RESOURCE, [1]),
        proto(types_pb2.DT_FLOAT, [-1], float_val=[1.0]),
        proto(types_pb2.DT_FLOAT, [2], tensor_content=b"\0" * 7),
        proto(types_pb2.DT_STRING, [2], tensor_content=b"\x01\x05ab"),
        proto(types_pb2.DT_STRING, [1], tensor_content=b"\xff" * 12),
        proto(types_pb2.DT_STRING, [10**12], tensor_content=b"\x00"),
        proto(types_pb2.DT_FLOAT, [2**40], float_val=[1.0]),  # terabytes from a few bytes
        proto(types_pb2.DT_FLOAT, [2**62, 2**62, 2**62], float_val=[1.0]),
        TensorProto(dtype=types_pb2.DT_FLOAT, tensor_shape={"unknown_rank": True}),
    ],
)
def test_what_is_no_tensor_is_refused(message: TensorProto) -> None:
    with pytest.raises((ValueError, OverflowError)):
        to_array(message)


def test_what_is_claimed_is_counted_over_tensors() -> None:
    claimed = ClaimedBytes(limit=1000)
    to_array(proto(types_pb2.DT_INT64, [51], int64_val=[1]), claimed)  # 400 bytes
    to_array(proto(types_pb2.DT_INT64, [2], int64_val=[1, 2]), claimed)
    # 100 characters and TensorFlow's own 24 bytes of each of 4 that are repeated.
    to_array(proto(types_pb2.DT_STRING, [5], string_val=[b"a" * 100]), claimed)
    to_array(proto(types_pb2.DT_FLOAT, [26, 0]), claimed)  # 104 bytes, were there a column
    to_array(proto(types_pb2.DT_BOOL, [2], bool_val=[True, False]), claimed)
    with pytest.raises(TooMuchClaimed, match="claim 1001 bytes where 1000 are allowed"):
        to_array(proto(types_pb2.DT_BOOL, [2], bool_val=[True]), claimed)


def test_names_are_those_of_tensorflows_c() -> None:
    names = {"DT_FLOAT": "float", "DT_DOUBLE": "double", "DT_HALF": "half", "DT_INT64": "int64"}
    names |= {"DT_STRING": "string", "DT_BOOL": "bool", "DT_BFLOAT16": "bfloat16"}
    for data_type, name in names.items():
        assert data_type_name(types_pb2.DataType.Value(data_type)) == name
    assert data_type_name(9999) == "9999"
    assert numpy_type(types_pb2.DT_STRING).hasobject
