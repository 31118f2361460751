"""Answers the calls of the REST API, from the body that came to the body that goes back."""

from collections.abc import Mapping

from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.regression_pb2 import RegressionRequest

from serving.inference.classify import classify
from serving.inference.model_metadata import model_metadata
from serving.inference.predict import run_signature
from serving.inference.regress import regress
from serving.inference.signatures import signature_to_predict
from serving.inference.unreadable_inputs import count_unreadable, refuses_unreadable
from serving.lifecycle.model_status import model_status
from serving.lifecycle.server_core import ServerCore
from serving.rest.examples_request import parse_examples
from serving.rest.message_response import write_metadata, write_status
from serving.rest.predict_request import parse_predict
from serving.rest.predict_response import write_predictions
from serving.rest.results_response import write_classifications, write_regressions
from serving.rest.url import RestCall
from serving.saved_model.data_types import data_type_of
from serving.saved_model.servable import DEFAULT_SIGNATURE, Servable
from serving.status import invalid_argument


class RestApi:
    """The REST API over the served models.

    Args:
        core: finds the version that a call asks for.

    Example:
        >>> RestApi(core).answer(parse_url("GET", "/v1/models/half"), b"")
        b'{\\n "model_version_status": [...'

    Source:
        TensorFlow Serving, model_servers/http_rest_api_handler.cc.
    """

    def __init__(self, core: ServerCore) -> None:
        self._core = core

    def answer(
        self, call: RestCall, body: bytes, deadline: float | None = None, unreadable: str = ""
    ) -> bytes:
        """Answer one call.

        Args:
            call: what the URL asks for.
            body: JSON; not read for status and metadata.
            deadline: seconds of `time.monotonic()`.
            unreadable: what the request asks for, see `refuses_unreadable`.

        Returns:
            JSON.

        Raises:
            StatusError: the call cannot be answered.
        """
        match call.method:
            case "predict":
                refuse = refuses_unreadable(unreadable)
                return self._predict(call.model_spec, body, deadline, refuse)
            case "classify":
                return self._classify(call.model_spec, body, deadline)
            case "regress":
                return self._regress(call.model_spec, body, deadline)
            case "metadata":
                with self._core.servable(call.model_spec) as servable:
                    return write_metadata(model_metadata(servable))
        request = GetModelStatusRequest(model_spec=call.model_spec)
        return write_status(model_status(self._core, request))

    def _predict(
        self, model_spec: ModelSpec, body: bytes, deadline: float | None, refuse_unreadable: bool
    ) -> bytes:
        with self._core.servable(model_spec) as servable:
            parsed = parse_predict(body, lambda name: _inputs_of(servable, name))
            signature = signature_to_predict(servable, parsed.signature_name)
            count_unreadable(servable, parsed.inputs, refuse_unreadable)
            outputs = run_signature(servable, signature, parsed.inputs, (), deadline)
        data_types = {alias: data_type_of(array.dtype) for alias, array in outputs.items()}
        return write_predictions(outputs, data_types, parsed.format)

    def _classify(self, model_spec: ModelSpec, body: bytes, deadline: float | None) -> bytes:
        signature_name, request_input = parse_examples(body)
        request = ClassificationRequest(model_spec=model_spec, input=request_input)
        request.model_spec.signature_name = signature_name
        with self._core.servable(model_spec) as servable:
            response = classify(servable, request, deadline)
        return write_classifications(response.result)

    def _regress(self, model_spec: ModelSpec, body: bytes, deadline: float | None) -> bytes:
        signature_name, request_input = parse_examples(body)
        request = RegressionRequest(model_spec=model_spec, input=request_input)
        request.model_spec.signature_name = signature_name
        with self._core.servable(model_spec) as servable:
            response = regress(servable, request, deadline)
        return write_regressions(response.result)


def _inputs_of(servable: Servable, signature_name: str) -> Mapping[str, TensorInfo]:
    name = signature_name or DEFAULT_SIGNATURE
    if name not in servable.signatures:
        raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
    inputs: Mapping[str, TensorInfo] = servable.signatures[name].inputs
    return inputs
