"""Servers whose answers a test writes: the same model behind a REST and a gRPC port."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import tensorflow as tf
from google.protobuf.json_format import MessageToJson
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataResponse,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse
from tensorflow_serving.apis.model_service_pb2_grpc import (
    ModelServiceServicer,
    add_ModelServiceServicer_to_server,
)
from tensorflow_serving.apis.predict_pb2 import PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import (
    PredictionServiceServicer,
    add_PredictionServiceServicer_to_server,
)

from serving.status import Code, StatusError, invalid_argument

HTTP = {
    Code.INVALID_ARGUMENT: 400,
    Code.NOT_FOUND: 404,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
}


@dataclass
class ScriptedModel:
    """A model that answers one more than its single input, once its failures are used up.

    Args:
        failures: what the next predictions answer instead.
        state: of version 1.
        input_name: what its signature takes, a float32 vector.
        output_name: what it gives.
        calls: what it was asked, in order.
        released: a prediction waits for it before it answers.
        broken: how many predictions over REST end with the connection instead of an answer.
    """

    failures: list[Code] = field(default_factory=list)
    state: str = "AVAILABLE"
    input_name: str = "x"
    output_name: str = "y"
    calls: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    broken: int = 0

    def __post_init__(self) -> None:
        self.released.set()

    def metadata(self) -> GetModelMetadataResponse:
        self.calls.append("metadata")
        definition = SignatureDef()
        for side, name in (("inputs", self.input_name), ("outputs", self.output_name)):
            info = getattr(definition, side)[name]
            info.dtype = tf.float32.as_datatype_enum
            info.tensor_shape.dim.add().size = -1
        response = GetModelMetadataResponse()
        response.model_spec.name = "model"
        response.model_spec.version.value = 1
        signatures = SignatureDefMap(signature_def={"serving_default": definition})
        response.metadata["signature_def"].Pack(signatures)
        return response

    def status(self) -> GetModelStatusResponse:
        self.calls.append("status")
        response = GetModelStatusResponse()
        version = response.model_version_status.add(version=1)
        version.state = version.State.Value(self.state)
        return response

    def predict(self, inputs: dict[str, Any]) -> dict[str, Any]:
        self.calls.append("predict")
        self.released.wait()
        if self.failures:
            code = self.failures.pop(0)
            raise StatusError(code, f"it's {code.name} — 'as written'")
        if list(inputs) != [self.input_name]:
            raise invalid_argument(f"Missing named input: {self.input_name}")
        return {self.output_name: inputs[self.input_name] + 1}


@contextmanager
def rest_port(model: ScriptedModel) -> Iterator[int]:
    """A REST server of the model."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            metadata = self.path.endswith("/metadata")
            message = model.metadata() if metadata else model.status()
            self.answer(200, MessageToJson(message, preserving_proto_field_name=True))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if model.broken:
                model.broken -= 1
                self.close_connection = True
                return
            try:
                inputs = {name: tf.constant(value) for name, value in body["inputs"].items()}
                (values,) = (v.numpy().tolist() for v in model.predict(inputs).values())
                self.answer(200, json.dumps({"outputs": values}))
            except StatusError as error:
                # As the real server does, with the escapes of C, which JSON does not know.
                escaped = c_escaped(error.message)
                self.answer(HTTP[error.code], f'{{ "error": "{escaped}" }}')

        def answer(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        model.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def grpc_port(model: ScriptedModel) -> Iterator[int]:
    """A gRPC server of the model."""

    class Services(PredictionServiceServicer, ModelServiceServicer):  # type: ignore[misc]
        def Predict(self, request: Any, context: grpc.ServicerContext) -> PredictResponse:
            inputs = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
            try:
                outputs = model.predict(inputs)
            except StatusError as error:
                code = next(c for c in grpc.StatusCode if c.value[0] == error.code)
                context.abort(code, error.message)
            protos = {name: tf.make_tensor_proto(value) for name, value in outputs.items()}
            return PredictResponse(outputs=protos)

        def GetModelMetadata(self, request: Any, context: Any) -> GetModelMetadataResponse:
            return model.metadata()

        def GetModelStatus(self, request: Any, context: Any) -> GetModelStatusResponse:
            return model.status()

    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", -1)])
    add_PredictionServiceServicer_to_server(Services(), server)
    add_ModelServiceServicer_to_server(Services(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        model.released.set()
        server.stop(None).wait()


def c_escaped(text: str) -> str:
    """Text as Abseil's CEscape writes it."""
    plain = {"'": "\\'", '"': '\\"', "\\": "\\\\", "\n": "\\n"}
    return "".join(
        plain.get(chr(byte), chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}")
        for byte in text.encode()
    )
