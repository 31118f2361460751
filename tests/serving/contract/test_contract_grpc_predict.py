"""Predict over gRPC.

Sources: servables/tensorflow/predict_util.cc, predict_impl.cc, model_servers/server_core.cc;
tensorflow/core/framework/tensor.cc (FromProto, AsProtoField), tensorflow/cc/saved_model/util.cc
(GetInputValues).
"""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from contract_grpc import GrpcApi, predict_request
from grpc import StatusCode
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis.predict_pb2 import PredictRequest

ARRAYS = {
    "float": np.array([[1.5, -0.0], [np.inf, 1e-30]], np.float32),
    "double": np.array([0.1, -1e300]),
    "half": np.array([0.5, -65504.0], np.float16),
    "int8": np.array([-128, 127], np.int8),
    "int16": np.array([-32768, 32767], np.int16),
    "int32": np.array([-(2**31), 2**31 - 1], np.int32),
    "int64": np.array([-(2**63), 2**63 - 1]),
    "uint8": np.array([0, 255], np.uint8),
    "uint32": np.array([0, 2**32 - 1], np.uint32),
    "uint64": np.array([0, 2**64 - 1], np.uint64),
    "bool": np.array([True, False]),
    "complex64": np.array([1 + 2j, -3j], np.complex64),
    "string": np.array([b"a\xff\x00", b""], object),
}
# The repeated field of each type, and how many of its values make one element.
FIELDS = {
    "float": ("float_val", 1),
    "double": ("double_val", 1),
    "half": ("half_val", 1),
    "int8": ("int_val", 1),
    "int16": ("int_val", 1),
    "int32": ("int_val", 1),
    "int64": ("int64_val", 1),
    "uint8": ("int_val", 1),
    "uint32": ("uint32_val", 1),
    "uint64": ("uint64_val", 1),
    "bool": ("bool_val", 1),
    "complex64": ("scomplex_val", 2),
    "string": ("string_val", 1),
}


def typed(array: Any, signature: str) -> TensorProto:
    """The array in its repeated field, not in `tensor_content`."""
    proto = tf.make_tensor_proto(array)
    typed_proto = TensorProto(dtype=proto.dtype, tensor_shape=proto.tensor_shape)
    values = array.ravel()
    if signature == "half":
        values = values.view(np.uint16)
    if signature == "complex64":
        values = values.view(np.float32)
    getattr(typed_proto, FIELDS[signature][0]).extend(values.tolist())
    return typed_proto


@pytest.mark.parametrize("signature", ARRAYS)
def test_every_type_as_content(grpc_api: GrpcApi, signature: str) -> None:
    inputs = {"x": tf.make_tensor_proto(ARRAYS[signature])}
    answer = grpc_api.predict("echo", inputs, signature=signature)["y"]
    np.testing.assert_array_equal(answer, ARRAYS[signature])
    assert answer.dtype == ARRAYS[signature].dtype


@pytest.mark.parametrize("signature", ARRAYS)
def test_every_type_in_its_field(grpc_api: GrpcApi, signature: str) -> None:
    array = ARRAYS[signature]
    request = predict_request("echo", {"x": typed(array, signature)}, signature=signature)
    output = grpc_api.call(grpc_api.prediction.Predict, request).outputs["y"]
    np.testing.assert_array_equal(tf.make_ndarray(output), array)
    # AsProtoField: answers are in typed fields too, one value an element.
    field, values = FIELDS[signature]
    assert not output.tensor_content
    assert len(getattr(output, field)) == values * array.size


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1, 2, 3)], ids=str)
def test_every_shape(grpc_api: GrpcApi, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    answer = grpc_api.predict("echo", {"x": tf.make_tensor_proto(array)}, signature="float")["y"]
    assert answer.shape == shape
    np.testing.assert_array_equal(answer, array)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([7.0], [7.0, 7.0, 7.0]), ([7.0, 8.0], [7.0, 8.0, 8.0]), ([], [0.0, 0.0, 0.0])],
    ids=str,
)
def test_the_last_value_fills_the_shape(
    grpc_api: GrpcApi, values: list[float], expected: list[float]
) -> None:
    proto = TensorProto(dtype=tf.float32.as_datatype_enum, float_val=values)
    proto.tensor_shape.dim.add(size=3)
    answer = grpc_api.predict("echo", {"x": proto}, signature="float")["y"]
    assert answer.tolist() == expected


def test_the_last_string_fills_the_shape(grpc_api: GrpcApi) -> None:
    proto = TensorProto(dtype=tf.string.as_datatype_enum, string_val=[b"a"])
    proto.tensor_shape.dim.add(size=2)
    answer = grpc_api.predict("echo", {"x": proto}, signature="string")["y"]
    assert answer.tolist() == [b"a", b"a"]


@pytest.mark.parametrize(
    "proto",
    [
        TensorProto(),
        TensorProto(dtype=tf.float32.as_datatype_enum, tensor_content=b"123"),
        TensorProto(
            dtype=tf.float32.as_datatype_enum,
            tensor_shape=tf.TensorShape([None]).as_proto(),
            float_val=[1.0],
        ),
    ],
    ids=["no type", "content of another size", "open shape"],
)
def test_a_tensor_that_cannot_be_read(grpc_api: GrpcApi, proto: TensorProto) -> None:
    request = predict_request("half_plus_two", {"x": proto})
    code, message = grpc_api.error(grpc_api.prediction.Predict, request)
    assert (code, message) == (StatusCode.INVALID_ARGUMENT, "tensor parsing error: x")


@pytest.mark.parametrize("value", [np.int64(1), np.float64(1.0), b"1"], ids=str)
def test_types_are_not_converted(grpc_api: GrpcApi, value: Any) -> None:
    request = predict_request("half_plus_two", {"x": tf.make_tensor_proto(np.array([value]))})
    code, _ = grpc_api.error(grpc_api.prediction.Predict, request)
    assert code == StatusCode.INVALID_ARGUMENT


def test_the_response_tells_who_answered(grpc_api: GrpcApi) -> None:
    request = predict_request("half_plus_two", {"x": [2.0]})
    response = grpc_api.call(grpc_api.prediction.Predict, request)
    assert response.model_spec.name == "half_plus_two"
    assert response.model_spec.signature_name == "serving_default"
    assert response.model_spec.version.value == 123
    assert tf.make_ndarray(response.outputs["y"]).tolist() == [3.0]


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        ({}, 2),
        ({"version": 1}, 1),
        ({"version": 2}, 2),
        ({"label": "stable"}, 1),
        ({"label": "canary"}, 2),
    ],
    ids=str,
)
def test_the_version_asked_for_answers(
    grpc_api: GrpcApi, asked: dict[str, Any], version: int
) -> None:
    request = predict_request("versions", {"x": [0.5]}, **asked)
    response = grpc_api.call(grpc_api.prediction.Predict, request)
    assert response.model_spec.version.value == version
    assert tf.make_ndarray(response.outputs["y"]).tolist() == [0.5 + 100.0 * version]


@pytest.mark.parametrize("output_filter", [[], ["square"], ["double", "square"]], ids=str)
def test_outputs_may_be_chosen(grpc_api: GrpcApi, output_filter: list[str]) -> None:
    answer = grpc_api.predict("outputs", {"x": [3.0]}, output_filter=output_filter)
    expected = {"double": [6.0], "square": [9.0]}
    found = {name: value.tolist() for name, value in answer.items()}
    assert found == {name: expected[name] for name in output_filter or expected}


@pytest.mark.parametrize(
    ("output_filter", "message"),
    [
        (["square", "square"], "duplicate output tensor alias: square"),
        (["cube"], "output tensor alias not found in signature: cube"),
    ],
    ids=str,
)
def test_outputs_that_cannot_be_chosen(
    grpc_api: GrpcApi, output_filter: list[str], message: str
) -> None:
    request = predict_request("outputs", {"x": [3.0]}, output_filter=output_filter)
    code, found = grpc_api.error(grpc_api.prediction.Predict, request)
    assert code == StatusCode.INVALID_ARGUMENT
    assert found.startswith(message)


@pytest.mark.parametrize(
    "inputs",
    [{}, {"x": [1.0], "z": [1.0]}, {"z": [1.0], "y": [1.0]}],
    ids=["none", "one more", "others"],
)
def test_as_many_inputs_as_the_signature_has(grpc_api: GrpcApi, inputs: dict[str, Any]) -> None:
    request = predict_request("half_plus_two", inputs)
    code, message = grpc_api.error(grpc_api.prediction.Predict, request)
    assert code == StatusCode.INVALID_ARGUMENT
    assert message.startswith(f"input size does not match signature: {len(inputs)}!=1")


def test_another_input_s_name(grpc_api: GrpcApi) -> None:
    # "input tensor alias not found in signature: z. ..." until GetInputValues took over.
    request = predict_request("half_plus_two", {"z": [1.0]})
    code, message = grpc_api.error(grpc_api.prediction.Predict, request)
    assert code == StatusCode.INVALID_ARGUMENT
    assert "alias" in message


def test_defaults_of_a_signature_stand_in(grpc_api: GrpcApi) -> None:
    asked = {"signature": "with_default"}
    assert grpc_api.predict("outputs", {"a": [1.0]}, **asked)["y"].tolist() == [11.0]
    both = {"a": [1.0], "b": [2.0]}
    assert grpc_api.predict("outputs", both, **asked)["y"].tolist() == [3.0]
    request = predict_request("outputs", {"b": [2.0]}, **asked)
    code, message = grpc_api.error(grpc_api.prediction.Predict, request)
    assert code == StatusCode.INVALID_ARGUMENT
    assert message.startswith("Signature input alias: a(feed name: ")


def test_the_model_s_own_error_has_its_code(grpc_api: GrpcApi) -> None:
    inputs = {"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0]}
    request = predict_request("outputs", inputs, signature="sum")
    code, message = grpc_api.error(grpc_api.prediction.Predict, request)
    assert code == StatusCode.INVALID_ARGUMENT
    assert "ncompatible shapes" in message


def test_tables_of_assets_are_initialised(grpc_api: GrpcApi) -> None:
    words = {"word": tf.make_tensor_proto([b"cherry", b"apple", b"none"])}
    answer = grpc_api.predict("lookup", words, signature="lookup")
    assert answer["id"].tolist() == [2, 0, -1]


def test_no_model_spec(grpc_api: GrpcApi) -> None:
    found = grpc_api.error(grpc_api.prediction.Predict, PredictRequest())
    assert found == (StatusCode.INVALID_ARGUMENT, "Missing ModelSpec")


@pytest.mark.parametrize(
    ("model", "asked", "code", "message"),
    [
        ("", {}, StatusCode.INVALID_ARGUMENT, "ModelSpec has no name specified."),
        (
            "absent",
            {},
            StatusCode.NOT_FOUND,
            "Servable not found for request: Latest(absent)",
        ),
        (
            "versions",
            {"version": 3},
            StatusCode.NOT_FOUND,
            "Servable not found for request: Specific(versions, 3)",
        ),
        (
            "versions",
            {"label": "absent"},
            StatusCode.INVALID_ARGUMENT,
            "Unrecognized servable version label: absent",
        ),
        (
            "absent",
            {"label": "stable"},
            StatusCode.INVALID_ARGUMENT,
            "Unrecognized servable version label: stable",
        ),
        (
            "half_plus_two",
            {"signature": "absent"},
            StatusCode.FAILED_PRECONDITION,
            'Serving signature key "absent" not found.',
        ),
        (
            "lookup",
            {},
            StatusCode.FAILED_PRECONDITION,
            'Serving signature key "serving_default" not found.',
        ),
    ],
)
def test_what_is_not_served(
    grpc_api: GrpcApi, model: str, asked: dict[str, Any], code: StatusCode, message: str
) -> None:
    request = predict_request(model, {"x": [1.0]}, **asked)
    assert grpc_api.error(grpc_api.prediction.Predict, request) == (code, message)
