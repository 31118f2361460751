"""gRPC requests, built field by field where the contract is about fields."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest, ModelVersionStatus
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

_SECONDS = 60.0


class GrpcApi:
    """The gRPC interface of one server; messages of every size pass.

    Args:
        address: "host:port".

    Example:
        >>> GrpcApi("localhost:8500").predict("half_plus_two", {"x": [1.0]})
        {'y': array([2.5], dtype=float32)}
    """

    def __init__(self, address: str) -> None:
        sizes = ("grpc.max_receive_message_length", "grpc.max_send_message_length")
        self.channel = grpc.insecure_channel(address, [(name, -1) for name in sizes])
        self.prediction = PredictionServiceStub(self.channel)
        self.models = ModelServiceStub(self.channel)

    def close(self) -> None:
        self.channel.close()

    def call(self, method: Callable[..., Any], request: Any, timeout: float = _SECONDS) -> Any:
        return method(request, timeout=timeout)

    def error(
        self, method: Callable[..., Any], request: Any, timeout: float = _SECONDS
    ) -> tuple[grpc.StatusCode, str]:
        """The status code and the message of a call that must fail."""
        with pytest.raises(grpc.RpcError) as raised:
            method(request, timeout=timeout)
        return raised.value.code(), raised.value.details()

    def predict(self, model: str, inputs: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
        """Output name -> array; the fields are those of `predict_request`."""
        response: PredictResponse = self.call(
            self.prediction.Predict, predict_request(model, inputs, **fields)
        )
        return {name: tf.make_ndarray(proto) for name, proto in response.outputs.items()}

    def versions(self, model: str) -> dict[int, ModelVersionStatus]:
        """Version -> its status, in the order of the answer."""
        request = GetModelStatusRequest()
        request.model_spec.name = model
        response = self.call(self.models.GetModelStatus, request)
        return {status.version: status for status in response.model_version_status}

    def states(self, model: str) -> dict[int, str]:
        """Version -> the name of its state."""
        return {
            version: ModelVersionStatus.State.Name(status.state)
            for version, status in self.versions(model).items()
        }


def predict_request(
    model: str,
    inputs: Mapping[str, Any],
    *,
    signature: str = "",
    version: int | None = None,
    label: str | None = None,
    output_filter: Sequence[str] = (),
) -> PredictRequest:
    """A request of TensorProtos as they are and of anything else made into float32 ones."""
    request = PredictRequest(output_filter=output_filter)
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    if label is not None:
        request.model_spec.version_label = label
    for name, value in inputs.items():
        proto = value if hasattr(value, "tensor_shape") else tf.make_tensor_proto(value, tf.float32)
        request.inputs[name].CopyFrom(proto)
    return request
