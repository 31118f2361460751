"""The command line of tensorflow_model_server."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields

from serving.saved_model.claimed_bytes import DEFAULT_LIMIT

_CPUS = os.cpu_count() or 1
# Flags of the real server whose effect the embedded one does not have: refused, never ignored.
_UNSUPPORTED = (
    "enable_per_model_batching_parameters",
    "enable_profiler",
    "mixed_precision",
    "num_tflite_interpreters_per_pool",
    "num_tflite_pools",
    "platform_config_file",
    "prefer_tflite_model",
    "skip_initialize_tpu",
    "thread_pool_factory_config_file",
    "use_alts_credentials",
    "xla_cpu_compilation_enabled",
    "xla_gpu_compilation_enabled",
)
_HELP = {
    "host": "Address to listen on; 0.0.0.0 serves every network. (Not a flag of the real server, "
    "which always listens on every network.)",
    "port": "TCP port to listen on for gRPC API. Disabled if port set to zero.",
    "grpc_socket_path": "If non-empty, listen to a UNIX socket for gRPC API on the given path.",
    "rest_api_port": "Port to listen on for HTTP/REST API. If set to zero HTTP/REST API will not "
    "be exported. This port must be different than the one specified in --port.",
    "rest_api_num_threads": "Number of threads for HTTP/REST API processing.",
    "rest_api_timeout_in_ms": "Timeout for HTTP/REST API calls.",
    "rest_api_enable_cors_support": "Enable CORS headers in response.",
    "enable_batching": "Enable batching.",
    "allow_version_labels_for_unavailable_models": "If true, allows assigning unused version "
    "labels to models that are not available yet.",
    "batching_parameters_file": "If non-empty, read an ascii BatchingParameters protobuf from the "
    "supplied file name and use the contained values instead of the defaults.",
    "model_config_file": "If non-empty, read an ascii ModelServerConfig protobuf from the supplied "
    "file name, and serve the models in that file. (If used, --model_name, --model_base_path are "
    "ignored.)",
    "model_config_file_poll_wait_seconds": "Interval in seconds between each poll of "
    "model_config_file. If zero, it is read once.",
    "model_name": "Name of model (ignored if --model_config_file flag is set).",
    "model_base_path": "Path to export (ignored if --model_config_file flag is set, otherwise "
    "required).",
    "num_load_threads": "How many servables load at a time; 0 is one.",
    "num_unload_threads": "Taken as the real server's: each servable unloads in a thread of its "
    "own.",
    "max_num_load_retries": "Maximum number of times it retries loading a model after the first "
    "failure, before giving up.",
    "load_retry_interval_micros": "The interval, in microseconds, between each servable load "
    "retry. If negative, it doesn't wait.",
    "file_system_poll_wait_seconds": "Interval in seconds between each poll of the filesystem for "
    "new model version. Zero polls once, a negative number never.",
    "flush_filesystem_caches": "Taken as the real server's: Python reads models through the page "
    "cache, which the system frees by itself.",
    "tensorflow_session_parallelism": "Number of threads to use for running a TensorFlow session. "
    "Auto-configured by default.",
    "tensorflow_session_config_file": "If non-empty, read an ascii TensorFlow ConfigProto from the "
    "supplied file name.",
    "tensorflow_intra_op_parallelism": "Number of threads to parallelize an individual op.",
    "tensorflow_inter_op_parallelism": "Number of operators that can be executed simultaneously.",
    "ssl_config_file": "If non-empty, read an ascii SSLConfig protobuf from the supplied file name "
    "and set up a secure gRPC channel.",
    "per_process_gpu_memory_fraction": "Fraction that each process occupies of the GPU memory.",
    "saved_model_tags": "Comma-separated set of tags corresponding to the meta graph def to load "
    "from SavedModel.",
    "grpc_channel_arguments": "A comma separated list of arguments to be passed to the grpc "
    "server. (e.g. grpc.max_connection_age_ms=2000)",
    "grpc_max_threads": "Max grpc server threads to handle grpc messages.",
    "enable_model_warmup": "Enables model warmup, which triggers lazy initializations at load "
    "time, to reduce first request latency.",
    "num_request_iterations_for_warmup": "Number of times a request is iterated during warmup "
    "replay. This value is used only if > 0.",
    "workers": "Processes that serve on the same ports, each with all models. (Not a flag of the "
    "real server, whose threads suffice.)",
    "page": "Show a page with the models, and a form to try them, at GET / of the HTTP/REST API. "
    "(Not a flag of the real server, which has no page.)",
    "enable_grpc_healthcheck_service": "Enable the standard gRPC healthcheck service. (Off by "
    "default in the real server.)",
    "enable_serialization_as_tensor_content": "Enable serialization of predict response as tensor "
    "content, over gRPC.",
    "max_repeated_bytes_per_request": "Bytes that the shapes and repeated values of one gRPC "
    "request may claim beyond what it sends; more is RESOURCE_EXHAUSTED. (Not a flag of the real "
    "server, which has no bound.)",
    "allowed_hosts": "Comma-separated host names under which the page is shown and, on a server of "
    "this machine alone, configurations are taken; addresses, localhost and this machine's name "
    "are allowed always, * allows all. (Not a flag of the real server.)",
    "version": "Display version.",
    "monitoring_config_file": "If non-empty, read an ascii MonitoringConfig protobuf from the "
    "supplied file name.",
    "remove_unused_fields_from_bundle_metagraph": "Taken as the real server's: only signatures are "
    "kept of a meta graph in any case.",
    "enable_signature_method_name_check": "Enable method_name check for SignatureDef. Disable this "
    "if serving native TF2 regression/classification models.",
}


@dataclass(frozen=True)
class Flags:
    """The flags of tensorflow_model_server, each under its own name and with its own default."""

    host: str = "127.0.0.1"
    port: int = 8500
    grpc_socket_path: str = ""
    rest_api_port: int = 0
    rest_api_num_threads: int = 4 * _CPUS
    rest_api_timeout_in_ms: int = 30000
    rest_api_enable_cors_support: bool = False
    enable_batching: bool = False
    allow_version_labels_for_unavailable_models: bool = False
    batching_parameters_file: str = ""
    model_config_file: str = ""
    model_config_file_poll_wait_seconds: int = 0
    model_name: str = "default"
    model_base_path: str = ""
    num_load_threads: int = 0
    num_unload_threads: int = 0
    max_num_load_retries: int = 5
    load_retry_interval_micros: int = 60_000_000
    file_system_poll_wait_seconds: int = 1
    flush_filesystem_caches: bool = True
    tensorflow_session_parallelism: int = 0
    tensorflow_session_config_file: str = ""
    tensorflow_intra_op_parallelism: int = 0
    tensorflow_inter_op_parallelism: int = 0
    ssl_config_file: str = ""
    per_process_gpu_memory_fraction: float = 0.0
    saved_model_tags: str = "serve"
    grpc_channel_arguments: str = ""
    grpc_max_threads: int = 4 * _CPUS
    enable_model_warmup: bool = True
    num_request_iterations_for_warmup: int = 0
    workers: int = 1
    page: bool = True
    enable_grpc_healthcheck_service: bool = True
    enable_serialization_as_tensor_content: bool = False
    max_repeated_bytes_per_request: int = DEFAULT_LIMIT
    allowed_hosts: str = ""
    version: bool = False
    monitoring_config_file: str = ""
    remove_unused_fields_from_bundle_metagraph: bool = True
    enable_signature_method_name_check: bool = False


def parse_flags(arguments: Sequence[str]) -> Flags:
    """Read a command line.

    Args:
        arguments: `--flag value` or `--flag=value`; a flag that is true or false may stand alone.

    Returns:
        The flags; exits with a message if one is unknown, or known to the real server alone.

    Example:
        >>> parse_flags(["--port=8500", "--enable_batching"]).enable_batching
        True

    Source:
        TensorFlow Serving, model_servers/main.cc.
    """
    parser = argparse.ArgumentParser(
        prog="python -m serving.server",
        description="TensorFlow Serving's REST and gRPC APIs for any SavedModel, in Python.",
        allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    for flag in fields(Flags):
        name, default = f"--{flag.name}", flag.default
        if flag.type is bool:
            parser.add_argument(
                name,
                type=_truth,
                nargs="?",
                const=True,
                default=default,
                metavar="BOOL",
                help=_HELP[flag.name],
            )
        else:
            parser.add_argument(name, type=flag.type, default=default, help=_HELP[flag.name])
    for unsupported in _UNSUPPORTED:
        parser.add_argument(
            f"--{unsupported}",
            nargs="?",
            action=_Refuse,
            default=argparse.SUPPRESS,
            help=argparse.SUPPRESS,
        )
    return Flags(**vars(parser.parse_args(arguments)))


def _truth(text: str) -> bool:
    match text.lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")


class _Refuse(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        parser.error(
            f"{option_string} is a flag of tensorflow_model_server that the embedded server does "
            "not have: leave it out, or run the real server"
        )
