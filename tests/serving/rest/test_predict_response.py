import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tensorflow.core.framework import types_pb2

from serving.rest.predict_request import RequestFormat
from serving.rest.predict_response import write_predictions
from serving.status import StatusError

ROW, COLUMNAR = RequestFormat.ROW, RequestFormat.COLUMNAR
DATA_TYPES = {
    "float32": types_pb2.DT_FLOAT,
    "float64": types_pb2.DT_DOUBLE,
    "int8": types_pb2.DT_INT8,
    "int16": types_pb2.DT_INT16,
    "int32": types_pb2.DT_INT32,
    "int64": types_pb2.DT_INT64,
    "uint8": types_pb2.DT_UINT8,
    "uint32": types_pb2.DT_UINT32,
    "uint64": types_pb2.DT_UINT64,
    "bool": types_pb2.DT_BOOL,
    "object": types_pb2.DT_STRING,
    "complex64": types_pb2.DT_COMPLEX64,
    "float16": types_pb2.DT_HALF,
}


def write(request_format, **outputs):
    arrays = {name: np.asarray(value) for name, value in outputs.items()}
    data_types = {name: DATA_TYPES[str(array.dtype)] for name, array in arrays.items()}
    return write_predictions(arrays, data_types, request_format)


def strings(*values):
    return np.array(values, np.object_)


def test_rows_of_one_output_are_on_one_line():
    scores = np.array([2.5, 3, 4.5], np.float32)
    assert write(ROW, x=scores) == b'{\n    "predictions": [2.5, 3.0, 4.5\n    ]\n}'
    matrix = np.array([[1, 2], [3, 4]])
    assert write(ROW, x=matrix) == b'{\n    "predictions": [[1, 2], [3, 4]\n    ]\n}'


def test_rows_of_several_outputs_are_objects_with_sorted_keys():
    text = write(ROW, b=np.array([[1, 2], [3, 4]]), a=np.array([True, False]))
    assert text.decode() == (
        "{\n"
        '    "predictions": [\n'
        "        {\n"
        '            "a": true,\n'
        '            "b": [1, 2]\n'
        "        },\n"
        "        {\n"
        '            "a": false,\n'
        '            "b": [3, 4]\n'
        "        }\n"
        "    ]\n"
        "}"
    )


def test_columns_have_a_line_for_each_element():
    text = write(COLUMNAR, x=np.array([[1, 2]]))
    assert text.decode() == (
        '{\n    "outputs": [\n        [\n            1,\n            2\n        ]\n    ]\n}'
    )
    text = write(COLUMNAR, b=np.array([1]), a=np.array(0.5))
    assert text.decode() == (
        '{\n    "outputs": {\n        "a": 0.5,\n        "b": [\n            1\n        ]\n    }\n}'
    )


def test_bytes_are_base64():
    text = write(ROW, x_bytes=strings(b"hello", b"world"))
    assert text.decode() == (
        '{\n    "predictions": [{\n            "b64": "aGVsbG8="\n        }, '
        '{\n            "b64": "d29ybGQ="\n        }\n    ]\n}'
    )
    nested = write(ROW, x_bytes=strings([b"hello"], [b"world"]), y=strings(b"a", b"b"))
    assert json.loads(nested) == {
        "predictions": [
            {"x_bytes": [{"b64": "aGVsbG8="}], "y": "a"},
            {"x_bytes": [{"b64": "d29ybGQ="}], "y": "b"},
        ]
    }
    scalar = write(COLUMNAR, x_bytes=strings(b"tf").reshape(()))
    assert scalar.decode() == '{\n    "outputs": {\n        "b64": "dGY="\n    }\n}'


def test_only_strings_are_bytes():
    assert json.loads(write(ROW, x_bytes=np.array([1]))) == {"predictions": [1]}


def test_text_is_written_as_it_is_even_if_it_is_not_utf_8():
    text = write(ROW, x=strings(b"\xff\x00\xe9", 'é"\\/\x1f'.encode()))
    assert text == (
        b'{\n    "predictions": ["\xff\\u0000\xe9", "\xc3\xa9\\"\\\\/\\u001F"\n    ]\n}'
    )


def test_numbers_that_json_has_no_word_for():
    text = write(ROW, x=np.array([[np.nan, np.inf], [3, -np.inf]], np.float32))
    assert text == b'{\n    "predictions": [[NaN, Infinity], [3.0, -Infinity]\n    ]\n}'


@pytest.mark.parametrize("shape", [(0,), (0, 2), (0, 3, 4)])
def test_rows_of_an_empty_batch(shape):
    array = np.zeros(shape, np.float32)
    assert write(ROW, x=array) == b'{\n    "predictions": []\n}'
    assert write(ROW, x=array, y=strings()) == b'{\n    "predictions": []\n}'


def test_axes_of_no_length():
    assert json.loads(write(ROW, x=np.zeros((2, 0, 3)))) == {"predictions": [[], []]}
    assert json.loads(write(COLUMNAR, x=np.zeros((2, 2, 0)))) == {"outputs": [[[], []], [[], []]]}
    assert write(COLUMNAR, x=np.zeros(0, np.complex64)) == b'{\n    "outputs": []\n}'


@pytest.mark.parametrize(
    ("request_format", "outputs", "message"),
    [
        (ROW, {}, "Cannot convert empty tensor map to JSON"),
        (COLUMNAR, {}, "Cannot convert empty tensor map to JSON"),
        (ROW, {"x": np.array(1)}, "Tensor name: x has no shape information "),
        (
            ROW,
            {"a": np.zeros((0, 2)), "b": np.zeros(1)},
            "Tensor name: b has inconsistent batch size: 1 expecting: 0",
        ),
        (
            ROW,
            {"a": np.zeros(2), "b": np.zeros(1)},
            "Tensor name: b has inconsistent batch size: 1 expecting: 2",
        ),
        (
            ROW,
            {"x": np.zeros(2, np.complex64)},
            "Failed to write JSON value for tensor type: complex64",
        ),
        (
            COLUMNAR,
            {"x": np.zeros(2, np.float16)},
            "Failed to write JSON value for tensor type: half",
        ),
    ],
)
def test_errors(request_format, outputs, message):
    with pytest.raises(StatusError) as caught:
        write(request_format, **outputs)
    assert str(caught.value) == f"INVALID_ARGUMENT: {message}"


NUMBERS = st.sampled_from(["float32", "float64", "int8", "int64", "uint32", "uint64", "bool"])


@st.composite
def batches(draw):
    rows = draw(st.integers(0, 3))
    outputs = {}
    for name in draw(st.lists(st.sampled_from("abc_é"), min_size=1, max_size=3, unique=True)):
        shape = (rows, *draw(st.lists(st.integers(0, 3), max_size=3)))
        outputs[name] = draw(hnp.arrays(np.dtype(draw(NUMBERS)), shape))
    return outputs


def same(written, array):
    """Whether parsed JSON is the array, by way of its own type."""
    read = np.array(written, np.float64 if array.dtype.kind == "f" else array.dtype)
    return np.array_equal(
        read.reshape(array.shape).astype(array.dtype), array, equal_nan=array.dtype.kind == "f"
    )


@given(batches())
def test_reads_back(outputs):
    rows = json.loads(write(ROW, **outputs))["predictions"]
    columns = json.loads(write(COLUMNAR, **outputs))["outputs"]
    if len(outputs) == 1:
        (name,) = outputs
        rows, columns = [{name: row} for row in rows], {name: columns}
    assert columns.keys() == outputs.keys()
    for name, array in outputs.items():
        assert same(columns[name], array)
        assert columns[name] == array.tolist() or array.dtype.kind == "f"
        assert len(rows) == len(array)
        assert all(same(row[name], element) for row, element in zip(rows, array, strict=True))
