"""gRPC messages as bytes, right or wrong."""

from collections.abc import Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from hostile_model import GOOD_INPUTS, GOOD_OUTPUT, KINDS, NAME
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

_SECONDS = 60.0
_PREDICTION = ("Predict", "Classify", "Regress", "MultiInference", "GetModelMetadata")
_MODEL = ("GetModelStatus", "HandleReloadConfigRequest")
METHOD = {
    **{name: f"/tensorflow.serving.PredictionService/{name}" for name in _PREDICTION},
    **{name: f"/tensorflow.serving.ModelService/{name}" for name in _MODEL},
    "Check": "/grpc.health.v1.Health/Check",
}
# What a client's mistake may be answered with.
MISTAKES = {
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "FAILED_PRECONDITION",
    "OUT_OF_RANGE",
    "RESOURCE_EXHAUSTED",
    "UNIMPLEMENTED",
}


def call(channel: grpc.Channel, method: str, message: bytes) -> tuple[str, str | bytes]:
    """Send bytes as a message.

    Args:
        channel: to the server.
        method: a name of `METHOD`, or a path.
        message: any bytes.

    Returns:
        "OK" and the response; or the name of the status, and its message.
    """
    multicallable = channel.unary_unary(METHOD.get(method, method))
    try:
        return "OK", multicallable(message, timeout=_SECONDS)
    except grpc.RpcError as error:
        return error.code().name, error.details() or ""


def tensor(dtype: int, *sizes: int, **values: Any) -> TensorProto:
    """A tensor of any shape with any values, none as a rule."""
    proto = TensorProto(dtype=dtype, **values)
    for size in sizes:
        proto.tensor_shape.dim.add(size=size)
    return proto


def predict_request(signature: str, inputs: Mapping[str, TensorProto]) -> PredictRequest:
    """A request to the model under test."""
    request = PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = NAME, signature
    for alias, proto in inputs.items():
        request.inputs[alias].CopyFrom(proto)
    return request


def good_request() -> bytes:
    """A right request."""
    inputs = {kind: tf.make_tensor_proto(GOOD_INPUTS[kind], KINDS[kind]) for kind in KINDS}
    return predict_request("serving_default", inputs).SerializeToString()


def is_good_response(message: bytes) -> bool:
    """Whether a response is the answer to `good_request`."""
    outputs = PredictResponse.FromString(message).outputs
    return np.array_equal(tf.make_ndarray(outputs["score"]), GOOD_OUTPUT)
