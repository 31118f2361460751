"""The server: its parts put together from the flags, started, polled, and stopped."""

import logging
import threading
import time
from collections.abc import Mapping

import grpc
from tensorflow.core.protobuf.config_pb2 import ConfigProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from infnet_keras.progress import Progress
from serving.allowed_hosts import AllowedHosts, is_loopback
from serving.batching.batch_scheduler import BatchScheduler
from serving.batching.batching_options import BatchingOptions
from serving.batching.batching_session import BatchingSession
from serving.inference.predict import PredictOptions
from serving.inference.warmup import warm_up
from serving.lifecycle.model_config import single_model_config
from serving.lifecycle.model_versions import RetryOptions
from serving.lifecycle.server_core import CoreOptions, ServerCore
from serving.metrics.prometheus_page import DEFAULT_PATH, prometheus_page
from serving.metrics.registry import REGISTRY
from serving.metrics.summed_values import summed_values
from serving.process_memory import give_back_free_memory
from serving.protos.monitoring_config_pb2 import MonitoringConfig
from serving.protos.session_bundle_config_pb2 import BatchingParameters
from serving.protos.ssl_config_pb2 import SSLConfig
from serving.rest.application import RestOptions
from serving.rest.rest_server import RestServer
from serving.rpc.grpc_server import GrpcOptions, GrpcServer
from serving.saved_model.load import load_servable
from serving.saved_model.servable import Servable
from serving.saved_model.session import Session
from serving.server.flags import Flags
from serving.server.text_proto import read_text_proto
from serving.status import StatusError, invalid_argument
from serving.workers.peers import Peers, Place
from serving.workers.shared_core import SharedCore

_log = logging.getLogger(__name__)


class Server:
    """TensorFlow Serving's contract for the models that the flags name.

    Args:
        flags: of the command line.
        place: of this process among several that serve together; None if it serves alone.

    Raises:
        StatusError: the flags or the files they name are wrong.

    Example:
        >>> server = Server(parse_flags(["--model_base_path=/models/half", "--rest_api_port=8501"]))
        >>> server.start()  # returns once every model is available
        >>> server.stop(grace=30)

    Source:
        TensorFlow Serving, model_servers/server.cc.
    """

    def __init__(self, flags: Flags, place: Place | None = None) -> None:
        self._flags = flags
        self._config = _model_config(flags)
        self._session_config = _session_config(flags)
        self._batching = _batching_options(flags)
        self._scheduler = BatchScheduler(self._batching) if self._batching else None
        self._peers = Peers(place) if place else None
        self._core = self._make_core()
        self._metrics_path = _metrics_path(flags)
        self._credentials = _credentials(flags)
        self._grpc: GrpcServer | None = None
        self._rest: RestServer | None = None
        self._stopped = threading.Event()

    def start(self, progress: Progress | None = None) -> None:
        """Load the models, then open the ports; returns when both is done.

        Args:
            progress: says what loads; None for silence.

        Raises:
            StatusError: a model did not become available, or a port is taken.
        """
        memory = threading.Thread(
            target=give_back_free_memory, args=(self._stopped,), name="memory", daemon=True
        )
        memory.start()
        with (progress or Progress()).phase("Loading the models") as phase:
            phase.note = self._loading
            self._core.apply_config(self._config)
            if self._peers:
                self._peers.wait_until_loaded()
        flags = self._flags
        addresses = [f"{_bracketed(flags.host)}:{flags.port}"] if flags.port else []
        if flags.grpc_socket_path:
            addresses.append(f"unix:{flags.grpc_socket_path}")
        hosts = AllowedHosts(flags.allowed_hosts.split(","))
        if addresses:
            options = GrpcOptions(
                addresses,
                flags.grpc_max_threads,
                _channel_arguments(flags.grpc_channel_arguments),
                self._credentials,
                self._peers is not None,
                PredictOptions(
                    flags.enable_serialization_as_tensor_content,
                    flags.max_repeated_bytes_per_request,
                ),
                # From elsewhere no browser speaks gRPC, and names are the network's own.
                hosts if is_loopback(flags.host) else None,
                flags.enable_grpc_healthcheck_service,
            )
            self._grpc = GrpcServer(self._core, options)
            self._grpc.start()
            _log.info("Running gRPC ModelServer at %s ...", ", ".join(addresses))
        if flags.rest_api_port:
            rest_options = RestOptions(
                flags.rest_api_timeout_in_ms / 1000,
                flags.rest_api_enable_cors_support,
                self._metrics_path,
                self._metrics_page,
                flags.page,
                hosts,
            )
            self._rest = RestServer(
                self._core,
                flags.host,
                flags.rest_api_port,
                flags.rest_api_num_threads,
                rest_options,
                self._peers is not None,
            )
            self._rest.start()
            _log.info("Exporting HTTP/REST API at:%s:%d ...", flags.host, flags.rest_api_port)
        if flags.model_config_file and flags.model_config_file_poll_wait_seconds > 0:
            threading.Thread(target=self._poll_config, name="config", daemon=True).start()

    def _loading(self) -> str:
        """The models that are not there yet, and what happens to their versions."""
        states = {name: self._core.states_of(name) for name in self._core.model_names()}
        return ", ".join(
            f"{name} version {number} {state.state.name.lower()}"
            for name, versions in states.items()
            for number, state in versions.items()
        )

    def stop(self, grace: float) -> None:
        """Close the ports, answer what is in progress, unload the models.

        Args:
            grace: seconds for all of it.
        """
        self._stopped.set()
        deadline = time.monotonic() + grace
        if self._rest:
            self._rest.stop(max(deadline - time.monotonic(), 0.0))
        if self._grpc:
            self._grpc.stop(max(deadline - time.monotonic(), 0.0))
        self._core.stop(deadline)
        if self._scheduler:
            self._scheduler.close(timeout=max(deadline - time.monotonic(), 0.0))

    def _make_core(self) -> ServerCore:
        options = _core_options(self._flags)
        if self._peers is None:
            return ServerCore(self._load, options)
        core = SharedCore(self._load, options, self._peers)
        self._peers.answer({**core.answers(), "metrics": REGISTRY.values})
        return core

    def _metrics_page(self) -> str:
        others = self._peers.ask("metrics") if self._peers else []
        return prometheus_page(values=summed_values([REGISTRY.values(), *others]))

    def _load(self, name: str, version: int, path: str) -> Servable:
        servable = load_servable(
            name,
            version,
            path,
            self._flags.saved_model_tags.split(","),
            self._session_config,
            self._batched if self._batching else None,
            self._flags.enable_signature_method_name_check,
        )
        if self._flags.enable_model_warmup:
            try:
                warm_up(servable, max(self._flags.num_request_iterations_for_warmup, 1))
            except BaseException:
                servable.session.close()
                raise
        return servable

    def _batched(self, session: Session, signatures: Mapping[str, SignatureDef]) -> Session:
        assert self._batching is not None
        assert self._scheduler is not None
        return BatchingSession(session, signatures.values(), self._batching, self._scheduler)

    def _poll_config(self) -> None:
        while not self._stopped.wait(self._flags.model_config_file_poll_wait_seconds):
            try:
                self._core.apply_config(_model_config(self._flags), deadline=time.monotonic())
            except StatusError as error:
                _log.error("PollFilesystemAndReloadConfig failed to ReloadConfig: %s", error)
            except Exception:  # whatever it was, the next look may succeed
                _log.exception("PollFilesystemAndReloadConfig failed")


def _model_config(flags: Flags) -> ModelServerConfig:
    if flags.model_config_file:
        return read_text_proto(flags.model_config_file, ModelServerConfig())
    if not flags.model_base_path:
        raise invalid_argument(
            "Both server_options.model_base_path and server_options.model_config_file are empty!"
        )
    return single_model_config(flags.model_name, flags.model_base_path)


def _batching_options(flags: Flags) -> BatchingOptions | None:
    if not flags.enable_batching:
        if flags.batching_parameters_file:
            raise invalid_argument(
                "server_options.batching_parameters_file is set without setting "
                "server_options.enable_batching to true."
            )
        return None
    parameters = BatchingParameters()
    if flags.batching_parameters_file:
        read_text_proto(flags.batching_parameters_file, parameters)
    return BatchingOptions.from_parameters(parameters)


def _core_options(flags: Flags) -> CoreOptions:
    interval = max(flags.load_retry_interval_micros, 0) / 1e6
    return CoreOptions(
        flags.file_system_poll_wait_seconds,
        RetryOptions(flags.max_num_load_retries, interval),
        flags.num_load_threads,
        flags.allow_version_labels_for_unavailable_models,
    )


def _session_config(flags: Flags) -> ConfigProto:
    intra, inter = flags.tensorflow_intra_op_parallelism, flags.tensorflow_inter_op_parallelism
    if intra > 0 and inter > 0 and flags.tensorflow_session_parallelism > 0:
        raise invalid_argument(
            "Either configure server_options.tensorflow_session_parallelism or "
            "(server_options.tensorflow_intra_op_parallelism, "
            "server_options.tensorflow_inter_op_parallelism) separately. You cannot configure all."
        )
    config = ConfigProto()
    if flags.tensorflow_session_config_file:
        read_text_proto(flags.tensorflow_session_config_file, config)
    config.gpu_options.per_process_gpu_memory_fraction = flags.per_process_gpu_memory_fraction
    if intra > 0 or inter > 0:
        config.intra_op_parallelism_threads = intra
        config.inter_op_parallelism_threads = inter
    elif flags.tensorflow_session_parallelism > 0:
        config.intra_op_parallelism_threads = flags.tensorflow_session_parallelism
        config.inter_op_parallelism_threads = flags.tensorflow_session_parallelism
    return config


def _metrics_path(flags: Flags) -> str | None:
    if not flags.monitoring_config_file:
        return None
    config = read_text_proto(flags.monitoring_config_file, MonitoringConfig()).prometheus_config
    return (config.path or DEFAULT_PATH) if config.enable else None


def _credentials(flags: Flags) -> grpc.ServerCredentials | None:
    if not flags.ssl_config_file:
        return None
    config = read_text_proto(flags.ssl_config_file, SSLConfig())
    return grpc.ssl_server_credentials(
        [(config.server_key.encode(), config.server_cert.encode())],
        root_certificates=config.custom_ca.encode() or None,
        require_client_auth=config.client_verify,
    )


def _channel_arguments(text: str) -> list[tuple[str, int | str]]:
    arguments: list[tuple[str, int | str]] = []
    for argument in filter(None, text.split(",")):
        key, separator, value = argument.partition("=")
        if not separator:
            raise invalid_argument(f"--grpc_channel_arguments holds {argument!r}, not NAME=VALUE")
        arguments.append((key, int(value) if value.lstrip("-").isdigit() else value))
    return arguments


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
