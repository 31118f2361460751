"""Writes the models and the configuration that the contract suite is run on.

    python tests/serving/contract/write_models.py DIR

makes DIR, or fills it if it is empty, and prints the command of a server on the models. The suite
then runs on that server; see conftest.py.
"""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

# The 1-second poll is the shortest that the flag can say.
SERVER_FLAGS = (
    "--model_config_file={directory}/models.config",
    "--monitoring_config_file={directory}/monitoring.config",
    "--file_system_poll_wait_seconds=1",
    "--max_num_load_retries=1",
    "--load_retry_interval_micros=1000",
    "--allow_version_labels_for_unavailable_models=true",
)
METRICS_PATH = "/monitoring/prometheus/metrics"
# Served name -> its directory.
MODELS = {
    "half_plus_two": "half_plus_two",
    "half plus two": "half_plus_two",
    "echo": "echo",
    "outputs": "outputs",
    "matrix": "matrix",
    "slow": "slow",
    "versions": "versions",
    "lookup": "lookup",
    "warm": "warm",
}
_VERSIONS_POLICY = """
    model_version_policy { specific { versions: 1 versions: 2 } }
    version_labels { key: "stable" value: 1 }
    version_labels { key: "canary" value: 2 }"""
# Lone requests wait for the whole timeout: long enough that requests sent together meet.
_BATCHING = """max_batch_size { value: 4 }
batch_timeout_micros { value: 200000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 2 }
pad_variable_length_inputs: true
allowed_batch_sizes: 2
allowed_batch_sizes: 4
"""
_SPLITTING = """max_batch_size { value: 8 }
batch_timeout_micros { value: 1000 }
max_enqueued_batches { value: 100 }
num_batch_threads { value: 2 }
enable_large_batch_splitting { value: true }
max_execution_batch_size { value: 4 }
"""


def write_models(directory: Path) -> None:
    """Write every model and configuration file below `directory`, which is made or empty."""
    import contract_models
    import legacy_models

    # The leading zeros are TF Serving's own: a version directory's name is read as a number.
    legacy_models.write_half_plus_two(directory / "half_plus_two" / "00000123")
    legacy_models.write_lookup(directory / "lookup" / "1")
    contract_models.write_echo(directory / "echo" / "1")
    contract_models.write_outputs(directory / "outputs" / "1")
    contract_models.write_matrix(directory / "matrix" / "1")
    contract_models.write_slow(directory / "slow" / "1")
    for version in (1, 2, 3):
        contract_models.write_version(directory / "versions" / str(version), version)

    contract_models.write_corrupt(directory / "corrupt" / "1")
    templates = directory / "templates"
    half_plus_two = directory / "half_plus_two" / "00000123"
    for name, path in {
        "good": directory / "warm" / "1",
        "wrong_signature": templates / "warmup_wrong_signature",
        "no_prediction_log": templates / "warmup_no_prediction_log",
    }.items():
        shutil.copytree(half_plus_two, path)
        _write_warmup(path, name)
    shutil.copytree(half_plus_two, templates / "warmup_no_records")
    extra = templates / "warmup_no_records" / "assets.extra"
    extra.mkdir()
    (extra / "tf_serving_warmup_requests").write_bytes(b"These are no TFRecords at all." * 9)
    (directory / "lifecycle").mkdir()

    (directory / "batching.config").write_text(_BATCHING)
    (directory / "splitting.config").write_text(_SPLITTING)
    (directory / "monitoring.config").write_text(
        f'prometheus_config {{ enable: true path: "{METRICS_PATH}" }}\n'
    )
    # The last file: where it is, everything is.
    (directory / "models.config").write_text(model_config(directory))


def model_config(directory: Path, *names: str) -> str:
    """The ModelServerConfig of the named models (of all by default) as a text proto."""
    configs = "".join(
        f"""  config {{
    name: "{name}"
    base_path: "{directory / MODELS[name]}"
    model_platform: "tensorflow"{_VERSIONS_POLICY if name == "versions" else ""}
  }}
"""
        for name in names or MODELS
    )
    return f"model_config_list {{\n{configs}}}\n"


def server_flags(directory: Path) -> list[str]:
    """The flags of a server on the models, but for its ports."""
    return [flag.format(directory=directory) for flag in SERVER_FLAGS]


def _write_warmup(path: Path, kind: str) -> None:
    import tensorflow as tf

    (path / "assets.extra").mkdir()
    file = path / "assets.extra" / "tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(file)) as writer:
        for record in _warmup_records(kind):
            writer.write(record)


def _warmup_records(kind: str) -> list[bytes]:
    import tensorflow as tf
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    if kind == "no_prediction_log":
        return [b"\xff no message"]
    predict, regress, classify, multi = (PredictionLog() for _ in range(4))
    request = predict.predict_log.request
    request.inputs["x"].CopyFrom(tf.make_tensor_proto([1.0, 2.0]))
    if kind == "wrong_signature":
        request.model_spec.signature_name = "absent"
        return [predict.SerializeToString()]
    task = multi.multi_inference_log.request.tasks.add(method_name="tensorflow/serving/regress")
    task.model_spec.name = "warm"
    requests: list[tuple[Any, Any, str]] = [
        (regress.regress_log.request.input, regress.regress_log.request, "regress_x_to_y"),
        (classify.classify_log.request.input, classify.classify_log.request, "classify_x_to_y"),
        (multi.multi_inference_log.request.input, task, "regress_x_to_y"),
    ]
    for examples, request, signature in requests:
        example = examples.example_list.examples.add()
        example.features.feature["x"].float_list.value.append(1.0)
        request.model_spec.signature_name = signature
    return [log.SerializeToString() for log in (predict, regress, classify, multi)]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    from contract_models import write_infnet

    target = Path(sys.argv[1]).resolve()
    write_models(target)
    write_infnet(target / "infnet")
    command = ["tensorflow_model_server", "--port=8500", "--rest_api_port=8501"]
    print(shlex.join([*command, *server_flags(target)]))
