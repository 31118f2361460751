"""ModelService: GetModelStatus, HandleReloadConfigRequest."""

from collections.abc import Iterable

import grpc
from tensorflow_serving.apis.get_model_status_pb2 import (
    GetModelStatusRequest,
    GetModelStatusResponse,
)
from tensorflow_serving.apis.model_management_pb2 import (
    Metric,
    ReloadConfigRequest,
    ReloadConfigResponse,
)
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceServicer

from serving.lifecycle.model_status import model_status, status_proto
from serving.lifecycle.server_core import ServerCore
from serving.metrics.registry import REGISTRY
from serving.rpc.answer import answer
from serving.status import Code, invalid_argument


class ModelService(ModelServiceServicer):
    """Tells and changes what is served.

    Args:
        core: the served models.

    Source:
        TensorFlow Serving, model_servers/model_service_impl.cc.
    """

    def __init__(self, core: ServerCore) -> None:
        self._core = core

    def GetModelStatus(
        self, request: GetModelStatusRequest, context: grpc.ServicerContext
    ) -> GetModelStatusResponse:
        """The state of a model's versions."""
        return answer(context, lambda _: model_status(self._core, request), _uncounted)

    def HandleReloadConfigRequest(
        self, request: ReloadConfigRequest, context: grpc.ServicerContext
    ) -> ReloadConfigResponse:
        """Replace the configuration and wait until its new models are available.

        The answer says by how much each metric of `metric_names` has grown meanwhile.
        """
        before = _counts(request.metric_names)

        def respond(deadline: float | None) -> ReloadConfigResponse:
            if request.config.WhichOneof("config") != "model_config_list":
                raise invalid_argument(
                    "ServerModelConfig type not supported by HandleReloadConfigRequest. Only "
                    "ModelConfigList is currently supported"
                )
            self._core.reload_config(request.config, deadline)
            grown = [
                Metric(name=name, int64_value_increase=count - before[name])
                for name, count in _counts(request.metric_names).items()
            ]
            return ReloadConfigResponse(status=status_proto(None), metric=grown)

        return answer(context, respond, _uncounted)


def _counts(names: Iterable[str]) -> dict[str, int]:
    """The first of each counter's numbers; 0 of what is no counter."""
    values = REGISTRY.values()
    counts = {}
    for name in names:
        first = next(iter(values.get(name, {}).values()), 0)
        counts[name] = first if isinstance(first, int) else 0
    return counts


def _uncounted(code: Code, microseconds: float) -> None:
    """TensorFlow Serving counts predictions alone."""
