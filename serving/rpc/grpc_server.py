"""The gRPC server: services, addresses, limits, encryption."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis.model_service_pb2_grpc import add_ModelServiceServicer_to_server
from tensorflow_serving.apis.prediction_service_pb2_grpc import (
    add_PredictionServiceServicer_to_server,
)

from serving.allowed_hosts import AllowedHosts
from serving.inference.predict import DEFAULT_OPTIONS, PredictOptions
from serving.lifecycle.server_core import ServerCore
from serving.rpc.health_service import HealthService
from serving.rpc.model_service import ModelService
from serving.rpc.prediction_service import PredictionService
from serving.rpc.request_parser import RequestParser
from serving.status import unavailable

_LARGEST_MESSAGE = 2**31 - 1
_MOST_WAITING = 1000
# Health is known under the real server's names, which are not the services' own, and those.
_SERVICES = (
    "",
    "PredictionService",
    "ModelService",
    "tensorflow.serving.PredictionService",
    "tensorflow.serving.ModelService",
)


@dataclass(frozen=True)
class GrpcOptions:
    """Where and how gRPC is served.

    Args:
        addresses: such as "127.0.0.1:8500" and "unix:/run/serving.socket".
        threads: how many calls are answered at a time; a thousand more may wait.
        channel_arguments: name and value of arguments of the gRPC core.
        credentials: of a TLS server; None serves unencrypted.
        shared: whether other processes listen on the same TCP ports.
        predict: how Predict reads and answers.
        reload_hosts: see `ModelService`.
        health: whether there is grpc.health.v1.
    """

    addresses: Sequence[str]
    threads: int
    channel_arguments: Sequence[tuple[str, int | str]] = ()
    credentials: grpc.ServerCredentials | None = None
    shared: bool = False
    predict: PredictOptions = DEFAULT_OPTIONS
    reload_hosts: AllowedHosts | None = None
    health: bool = True


class GrpcServer:
    """Serves PredictionService, ModelService and grpc.health.v1.

    Args:
        core: the served models.
        options: see `GrpcOptions`.

    Raises:
        StatusError: UNAVAILABLE, an address is taken.

    Example:
        >>> server = GrpcServer(core, GrpcOptions(["127.0.0.1:8500"], threads=8))
        >>> server.start()
    """

    def __init__(self, core: ServerCore, options: GrpcOptions) -> None:
        self._server = grpc.server(
            ThreadPoolExecutor(options.threads + _MOST_WAITING, "grpc"),
            interceptors=[RequestParser(options.threads)],
            options=[
                ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
                ("grpc.max_send_message_length", _LARGEST_MESSAGE),
                ("grpc.so_reuseport", int(options.shared)),
                *options.channel_arguments,
            ],
            maximum_concurrent_rpcs=options.threads + _MOST_WAITING,
        )
        add_PredictionServiceServicer_to_server(
            PredictionService(core, options.predict), self._server
        )
        add_ModelServiceServicer_to_server(ModelService(core, options.reload_hosts), self._server)
        self._health = HealthService(_SERVICES)
        if options.health:
            health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        for address in options.addresses:
            self._listen(address, options.credentials)

    def start(self) -> None:
        """Answer calls from now on."""
        for service in _SERVICES:
            self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        self._server.start()

    def stop(self, grace: float) -> None:
        """Take no new call, say so in health checks, and wait for those in progress.

        Args:
            grace: seconds after which calls still in progress are cancelled.
        """
        self._health.enter_graceful_shutdown()
        self._server.stop(grace).wait()

    def _listen(self, address: str, credentials: grpc.ServerCredentials | None) -> None:
        try:
            if credentials is None:
                self._server.add_insecure_port(address)
            else:
                self._server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise unavailable(
                f"gRPC cannot listen on {address}: {error}; is the port taken?"
            ) from error
