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

from serving.allowed_hosts import AllowedHosts
from serving.lifecycle.model_status import model_status, status_proto
from serving.lifecycle.server_core import ServerCore
from serving.metrics.registry import REGISTRY
from serving.rpc.answer import answer
from serving.status import Code, invalid_argument, permission_denied


class ModelService(ModelServiceServicer):
    """Tells and changes what is served.

    Args:
        core: the served models.
        reload_hosts: under which a configuration is taken; None for all.

    Source:
        TensorFlow Serving, model_servers/model_service_impl.cc.
    """

    def __init__(self, core: ServerCore, reload_hosts: AllowedHosts | None = None) -> None:
        self._core, self._reload_hosts = core, reload_hosts

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
            host = _authority(context)
            if self._reload_hosts is not None and not self._reload_hosts.allows(host):
                raise permission_denied(
                    f"No configuration is taken under the host {host[:100]!r}: name it in "
                    "--allowed_hosts"
                )
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


def _authority(context: grpc.ServicerContext) -> str:
    # gRPC's Python API has no word for it.
    return str(context._rpc_event.call_details.host.decode("latin-1"))


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
