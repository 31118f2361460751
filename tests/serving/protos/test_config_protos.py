"""Messages of configuration files."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from serving.protos.monitoring_config_pb2 import MonitoringConfig
from serving.protos.session_bundle_config_pb2 import BatchingParameters
from serving.protos.ssl_config_pb2 import SSLConfig

ROOT = Path(__file__).parents[3]
NAMES = ["monitoring_config", "session_bundle_config", "ssl_config"]
# TensorFlow Serving's numbers: a file written with its messages is read with ours.
FIELDS = {
    MonitoringConfig: {"prometheus_config": 1},
    SSLConfig: {"server_key": 1, "server_cert": 2, "custom_ca": 3, "client_verify": 4},
    BatchingParameters: {
        "max_batch_size": 1,
        "batch_timeout_micros": 2,
        "max_enqueued_batches": 3,
        "num_batch_threads": 4,
        "thread_pool_name": 5,
        "allowed_batch_sizes": 6,
        "pad_variable_length_inputs": 7,
        "enable_large_batch_splitting": 8,
        "max_execution_batch_size": 9,
    },
}


def test_fields_have_tensorflow_servings_numbers() -> None:
    for message, fields in FIELDS.items():
        assert {field.name: field.number for field in message.DESCRIPTOR.fields} == fields


def test_a_file_of_batching_parameters_is_read() -> None:
    parameters = text_format.Parse(
        """
        max_batch_size { value: 128 }
        batch_timeout_micros { value: 0 }
        thread_pool_name { value: "pool" }
        allowed_batch_sizes: [ 64, 128 ]
        enable_large_batch_splitting { value: true }
        """,
        BatchingParameters(),
    )
    assert parameters.max_batch_size.value == 128
    assert parameters.HasField("batch_timeout_micros")
    assert not parameters.HasField("max_enqueued_batches")
    assert parameters.thread_pool_name.value == "pool"
    assert list(parameters.allowed_batch_sizes) == [64, 128]
    assert parameters.enable_large_batch_splitting.value
    assert not parameters.pad_variable_length_inputs


def test_a_file_of_monitoring_is_read() -> None:
    text = 'prometheus_config { enable: true, path: "/metrics" }'
    config = text_format.Parse(text, MonitoringConfig()).prometheus_config
    assert (config.enable, config.path) == (True, "/metrics")


def test_a_file_of_tls_is_read() -> None:
    text = 'server_key: "-----BEGIN\\nEND-----"\nserver_cert: "c"\nclient_verify: true'
    config = text_format.Parse(text, SSLConfig())
    assert config.server_key == "-----BEGIN\nEND-----"
    assert (config.server_cert, config.custom_ca, config.client_verify) == ("c", "", True)


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(text_format.ParseError, match="max_batch_sizes"):
        text_format.Parse("max_batch_sizes { value: 1 }", BatchingParameters())


@pytest.mark.parametrize("name", NAMES)
def test_generated_modules_are_up_to_date(name: str, tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools")
    descriptors = tmp_path / "descriptors"
    file = f"serving/protos/{name}.proto"
    arguments = ["-I.", f"--descriptor_set_out={descriptors}", file]
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", *arguments], cwd=ROOT, check=True, timeout=60
    )
    (written,) = FileDescriptorSet.FromString(descriptors.read_bytes()).file
    generated = FileDescriptorProto()
    importlib.import_module(f"serving.protos.{name}_pb2").DESCRIPTOR.CopyToProto(generated)
    for field in (field for message in written.message_type for field in message.field):
        field.ClearField("json_name")  # compiled code leaves it out
    assert generated == written
