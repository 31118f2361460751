"""The client of the gRPC API.

Its messages are those of the tensorflow-serving-api wheel, which import TensorFlow's own: importing
this module imports TensorFlow. `rest_client` does without.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import grpc
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from infnet_keras.request.signature import Signature
from infnet_keras.request.to_array import Array
from serving.client.model_client import ModelClient
from serving.client.retry_policy import (
    ATTEMPTS,
    BACKOFF_MULTIPLIER,
    INITIAL_BACKOFF,
    MAX_BACKOFF,
)
from serving.client.serving_error import ServingError
from serving.status import Code

_RETRY_POLICY = {
    "maxAttempts": ATTEMPTS,
    "initialBackoff": f"{INITIAL_BACKOFF}s",
    "maxBackoff": f"{MAX_BACKOFF}s",
    "backoffMultiplier": BACKOFF_MULTIPLIER,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_SERVICE_CONFIG = {"methodConfig": [{"name": [{}], "retryPolicy": _RETRY_POLICY}]}
_OPTIONS = [
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    # Messages of any size (4 MiB by default), repeated whatever their size (256 KiB by default).
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.per_rpc_retry_buffer_size", 2**31 - 1),
    # A server that starts is found within a second, not within two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]
_URL = re.compile("(https?|grpc)://")
_UNREACHED = re.compile("connect|resolv|HTTP/2", re.IGNORECASE)


class GrpcClient(ModelClient):
    """Asks one model through TensorFlow Serving's gRPC API; imports TensorFlow.

    Args:
        address: of the server, "HOST:PORT" (port 8500 by default there), or "unix:PATH".
        model: the model's name.
        credentials: for a server with TLS (`--ssl_config_file`); by default there is none.
        refuse_unreadable: as of `RestClient`.

    Raises:
        ServingError: INVALID_ARGUMENT, the address is a URL.

    Example:
        >>> with GrpcClient("localhost:8500", "half_plus_two") as client:
        ...     client.predict({"x": [1.0, 2.0, 5.0]})
        {'y': array([2.5, 3. , 4.5], dtype=float32)}
    """

    def __init__(
        self,
        address: str,
        model: str,
        credentials: grpc.ChannelCredentials | None = None,
        refuse_unreadable: bool = False,
    ) -> None:
        super().__init__(address, model)
        if _URL.match(address):
            raise ServingError(Code.INVALID_ARGUMENT, f"{address!r} is not of the form HOST:PORT")
        if credentials is None:
            self._channel = grpc.insecure_channel(address, _OPTIONS)
        else:
            self._channel = grpc.secure_channel(address, credentials, _OPTIONS)
        self._call_metadata = [("unreadable-values", "refuse")] if refuse_unreadable else None
        self._prediction = PredictionServiceStub(self._channel)
        self._models = ModelServiceStub(self._channel)

    def close(self) -> None:
        """Close the channel; no call may follow."""
        self._channel.close()

    def _request_predict(
        self,
        arrays: Mapping[str, Array],
        signature: Signature,
        version: int | None,
        label: str | None,
        deadline: float,
    ) -> dict[str, Array]:
        spec = self._model_spec(version, label)
        spec.signature_name = signature.name
        inputs = {
            name: tf.make_tensor_proto(array, signature.inputs[name].dtype)
            for name, array in arrays.items()
        }
        request = PredictRequest(model_spec=spec, inputs=inputs)
        response = self._send(self._prediction.Predict, request, deadline)
        return {name: tf.make_ndarray(proto) for name, proto in response.outputs.items()}

    def _request_metadata(
        self, version: int | None, label: str | None, deadline: float
    ) -> Mapping[str, Any]:
        request = GetModelMetadataRequest(
            model_spec=self._model_spec(version, label), metadata_field=["signature_def"]
        )
        return _as_json(self._send(self._prediction.GetModelMetadata, request, deadline))

    def _request_status(self, version: int | None, deadline: float) -> Mapping[str, Any]:
        request = GetModelStatusRequest(model_spec=self._model_spec(version, None))
        return _as_json(self._send(self._models.GetModelStatus, request, deadline))

    def _model_spec(self, version: int | None, label: str | None) -> Any:
        spec = ModelSpec(name=self.model)
        if version is not None:
            spec.version.value = version
        if label is not None:
            spec.version_label = label
        return spec

    def _send(self, method: Callable[..., Any], request: Any, deadline: float) -> Any:
        timeout = self._time_left(deadline)
        try:
            return method(request, timeout=timeout, metadata=self._call_metadata)
        except grpc.RpcError as error:
            code, message = Code(error.code().value[0]), error.details() or ""
            if code is Code.UNAVAILABLE and _UNREACHED.search(message):
                message += (
                    ". Is the server running, and is this its gRPC port (--port, 8500 by default), "
                    "not the one of the REST API?"
                )
            raise ServingError(code, message, self.address) from error


def _as_json(message: Any) -> dict[str, Any]:
    return dict(MessageToDict(message, preserving_proto_field_name=True))
