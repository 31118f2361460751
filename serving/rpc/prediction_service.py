"""PredictionService: Predict, Classify, Regress, MultiInference, GetModelMetadata."""

from collections.abc import Callable
from typing import TypeVar

import grpc
from tensorflow_serving.apis.classification_pb2 import (
    ClassificationRequest,
    ClassificationResponse,
)
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
)
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest, MultiInferenceResponse
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceServicer
from tensorflow_serving.apis.regression_pb2 import RegressionRequest, RegressionResponse

from serving.inference.classify import classify
from serving.inference.model_metadata import check_metadata_request, model_metadata
from serving.inference.multi_inference import multi_inference
from serving.inference.predict import DEFAULT_OPTIONS, PredictOptions, predict
from serving.inference.regress import regress
from serving.inference.unreadable_inputs import HEADER, refuses_unreadable
from serving.lifecycle.server_core import ServerCore
from serving.metrics.server_metrics import REQUEST_COUNT, REQUEST_LATENCY
from serving.rpc.answer import answer
from serving.saved_model.servable import Servable
from serving.status import Code, invalid_argument

Response = TypeVar("Response")


class PredictionService(PredictionServiceServicer):
    """Answers predictions over gRPC.

    Args:
        core: finds the version that a request asks for.
        options: of Predict.

    Source:
        TensorFlow Serving, model_servers/prediction_service_impl.cc.
    """

    def __init__(self, core: ServerCore, options: PredictOptions = DEFAULT_OPTIONS) -> None:
        self._core, self._options = core, options

    def Predict(self, request: PredictRequest, context: grpc.ServicerContext) -> PredictResponse:
        """Named tensors in, named tensors out."""
        asked = str(dict(context.invocation_metadata()).get(HEADER, ""))
        return self._answer(
            context,
            "Predict",
            request.model_spec if request.HasField("model_spec") else None,
            lambda servable, deadline: predict(
                servable, request, deadline, self._options, refuses_unreadable(asked)
            ),
        )

    def Classify(
        self, request: ClassificationRequest, context: grpc.ServicerContext
    ) -> ClassificationResponse:
        """Examples in, classes with scores out."""
        return self._answer(
            context,
            "Classify",
            request.model_spec if request.HasField("model_spec") else None,
            lambda servable, deadline: classify(servable, request, deadline),
        )

    def Regress(
        self, request: RegressionRequest, context: grpc.ServicerContext
    ) -> RegressionResponse:
        """Examples in, one value each out."""
        return self._answer(
            context,
            "Regress",
            request.model_spec if request.HasField("model_spec") else None,
            lambda servable, deadline: regress(servable, request, deadline),
        )

    def MultiInference(
        self, request: MultiInferenceRequest, context: grpc.ServicerContext
    ) -> MultiInferenceResponse:
        """Several signatures of one model on the same examples."""
        return self._answer(
            context,
            "MultiInference",
            request.tasks[0].model_spec if request.tasks else ModelSpec(),
            lambda servable, deadline: multi_inference(servable, request, deadline),
        )

    def GetModelMetadata(
        self, request: GetModelMetadataRequest, context: grpc.ServicerContext
    ) -> GetModelMetadataResponse:
        """The signatures of a version."""

        def respond(_: float | None) -> GetModelMetadataResponse:
            check_metadata_request(request)
            with self._core.servable(request.model_spec) as servable:
                return model_metadata(servable)

        return answer(context, respond, lambda code, microseconds: None)

    def _answer(
        self,
        context: grpc.ServicerContext,
        api: str,
        model_spec: ModelSpec | None,
        run: Callable[[Servable, float | None], Response],
    ) -> Response:
        def respond(deadline: float | None) -> Response:
            if model_spec is None:
                raise invalid_argument("Missing ModelSpec")
            with self._core.servable(model_spec) as servable:
                return run(servable, deadline)

        def done(code: Code, microseconds: float) -> None:
            name = model_spec.name if model_spec is not None else ""
            # Names that are not configured are counted together: clients could invent any number.
            known = name if name in self._core.model_names() else ""
            REQUEST_COUNT.increment(known, code.name)
            if code is Code.OK:
                REQUEST_LATENCY.observe(microseconds, known, api, "GRPC")

        return answer(context, respond, done)
