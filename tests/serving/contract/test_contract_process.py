"""The process: how it starts, fails to start and ends.

Sources: model_servers/main.cc, server.cc (BuildAndStart), server_core.cc,
servables/tensorflow/bundle_factory_util.h.
"""

import json
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from contract_grpc import GrpcApi, predict_request
from contract_rest import RestApi
from contract_server import ContractServer
from write_models import model_config

# MODELS stands for the directory of the models.
BASE_PATH = "--model_base_path=MODELS/half_plus_two"
NAMED = 'name: "half_plus_two" base_path: "MODELS/half_plus_two" '
TENSORFLOW = 'model_platform: "tensorflow" '


def config_of(model: str) -> dict[str, str]:
    """The file of --model_config_file."""
    return {"model_config_file": f"model_config_list {{ config {{ {model} }} }}"}


@pytest.mark.parametrize(
    ("files", "flags", "message"),
    [
        pytest.param({}, [], "are empty!", id="no model"),
        pytest.param(
            {"model_config_file": "model_config_list {"},
            [],
            "Invalid protobuf file: '",
            id="no proto",
            marks=pytest.mark.long,
        ),
        pytest.param(
            config_of(NAMED),
            [],
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
            "ModelServerConfig::model_platform, model name is half_plus_two",
            id="no platform",
            marks=pytest.mark.long,
        ),
        pytest.param(
            config_of(NAMED + TENSORFLOW + "model_type: TENSORFLOW"),
            [],
            "Illegal setting both ModelServerConfig::model_type (deprecated) and "
            "ModelServerConfig::model_platform, model name is half_plus_two",
            id="two platforms",
            marks=pytest.mark.long,
        ),
        pytest.param(
            config_of(NAMED + TENSORFLOW + 'version_labels { key: "stable" value: 123 }'),
            [],
            "Request to assign label to version 123 of model half_plus_two, "
            "which is not currently available for inference",
            id="label",
            marks=pytest.mark.long,
        ),
        pytest.param(
            {},
            ["--model_base_path=MODELS/corrupt", "--max_num_load_retries=0"],
            "did not become available",
            id="corrupt model",
        ),
        pytest.param(
            {"batching_parameters_file": "max_batch_size { value: 4 }"},
            [BASE_PATH],
            "server_options.batching_parameters_file is set without setting "
            "server_options.enable_batching to true.",
            id="no batching",
            marks=pytest.mark.long,
        ),
        pytest.param(
            {"batching_parameters_file": "max_batch_size { value: 4 } allowed_batch_sizes: 2"},
            [BASE_PATH, "--enable_batching", "--max_num_load_retries=0"],
            # Whose last entry must be what has been worded in more than one way.
            "allowed_batch_sizes",
            id="batch sizes",
        ),
    ],
)
def test_a_server_that_cannot_start_says_why(
    start_process: Callable[..., ContractServer],
    models: Path,
    tmp_path: Path,
    files: Mapping[str, str],
    flags: Sequence[str],
    message: str,
) -> None:
    named = []
    for flag, content in files.items():
        file = tmp_path / flag
        file.write_text(content.replace("MODELS", str(models)))
        named.append(f"--{flag}={file}")
    server = start_process(*(flag.replace("MODELS", str(models)) for flag in flags), *named)
    assert server.wait_until_ended() != 0
    output = server.output()
    assert "Failed to start server. Error: " in output
    assert message in output


def test_where_a_file_is_no_proto_is_logged(
    start_process: Callable[..., ContractServer], tmp_path: Path
) -> None:
    """util/proto_util.h:37, and the log that tensorflow_model_server_test.py:309 looks for."""
    file = tmp_path / "models.config"
    file.write_text("improperly formatted file")
    server = start_process(f"--model_config_file={file}")
    assert server.wait_until_ended() != 0
    output = server.output()
    assert "Error parsing text-format tensorflow.serving.ModelServerConfig: 1:" in output
    message = f"Failed to start server. Error: INVALID_ARGUMENT: Invalid protobuf file: '{file}'\n"
    assert message in output


def test_answers_in_tensor_content(
    start_server: Callable[..., ContractServer], models: Path
) -> None:
    """model_servers/main.cc:312, servables/tensorflow/predict_util.cc:183: over gRPC."""
    flags = ("--model_name=echo", f"--model_base_path={models}/echo")
    server = start_server(*flags, "--enable_serialization_as_tensor_content", serves=["echo"])
    grpc_api = GrpcApi(server.grpc)
    for signature, value in {
        "float": np.float32([1.5, -2.0]),
        "int64": np.int64([[1], [2**40]]),
        "bool": np.array([True, False]),
        "string": np.array([b"", b"a", b"b" * 300], object),
    }.items():
        proto = tf.make_tensor_proto(value)
        request = predict_request("echo", {"x": proto}, signature=signature)
        (answered,) = grpc_api.call(grpc_api.prediction.Predict, request).outputs.values()
        assert answered.tensor_content
        assert not answered.float_val
        assert not answered.string_val
        # TensorFlow's own reader, which NumPy's lacks for strings.
        read = tf.io.parse_tensor(answered.SerializeToString(), proto.dtype).numpy()
        assert read.tolist() == value.tolist()
    grpc_api.close()
    server.stop()


def test_a_flag_that_cannot_be_read(start_process: Callable[..., ContractServer]) -> None:
    server = start_process("--file_system_poll_wait_seconds=often")
    assert server.wait_until_ended() != 0


def test_version(start_process: Callable[..., ContractServer]) -> None:
    server = start_process("--version")
    assert server.wait_until_ended() == 0
    assert "TensorFlow ModelServer: " in server.output()
    assert "TensorFlow Library: " in server.output()


def test_sigterm_ends_the_process_once_requests_are_answered(
    start_server: Callable[..., ContractServer], embedded: bool, models: Path, tmp_path: Path
) -> None:
    if not embedded:
        pytest.skip("main.cc handles no signals: SIGTERM ends tensorflow_model_server at once")
    config = tmp_path / "models.config"
    config.write_text(model_config(models, "slow", "half_plus_two"))
    server = start_server(f"--model_config_file={config}", serves=["slow", "half_plus_two"])
    rest_api, grpc_api = RestApi(server.rest), GrpcApi(server.grpc)

    steps = 300_000
    proto = tf.make_tensor_proto(np.array([steps]))
    running = grpc_api.prediction.Predict.future(
        predict_request("slow", {"steps": proto}), timeout=60.0
    )
    body = json.dumps({"instances": [steps]}).encode()
    host, port = server.rest.split(":")
    with socket.create_connection((host, int(port)), timeout=60.0) as connection:
        head = f"POST /v1/models/slow:predict HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        # Those that came later are answered: the server has both of these in hand.
        assert grpc_api.predict("half_plus_two", {"x": [1.0]})["y"].tolist() == [2.5]
        assert rest_api.predict("half_plus_two", {"instances": [1.0]}).status == 200
        server.process.terminate()
        reply = b"".join(iter(lambda: connection.recv(65536), b""))
    assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(reply.split(b"\r\n\r\n", 1)[1]) == {"predictions": [steps]}
    assert tf.make_ndarray(running.result().outputs["done"]).tolist() == [steps]
    assert server.wait_until_ended() == 0
    grpc_api.close()
