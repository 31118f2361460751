"""grpc.health.v1: the health of the services here."""

from collections.abc import Collection, Iterator

import grpc
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse


class HealthService(health.HealthServicer):
    """Tells whether the services here are served.

    The base class would keep the name of every service that was ever watched, real or not: here
    the watch of one that is not is told so, and ends.

    Args:
        services: their names; "" is the server as a whole.

    Example:
        >>> service = HealthService(["", "tensorflow.serving.PredictionService"])
        >>> service.set("", HealthCheckResponse.SERVING)
    """

    def __init__(self, services: Collection[str]) -> None:
        super().__init__(experimental_non_blocking=False)
        self._services = services

    def Watch(
        self, request: HealthCheckRequest, context: grpc.ServicerContext
    ) -> Iterator[HealthCheckResponse]:
        """The state of a service, and each change of it, until the client ends the call."""
        if request.service not in self._services:
            return iter([HealthCheckResponse(status=HealthCheckResponse.SERVICE_UNKNOWN)])
        changes: Iterator[HealthCheckResponse] = super().Watch(request, context)
        return changes
