"""A model of this repository is served as its export promises."""

import base64
import fcntl
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from contract_grpc import GrpcApi
from contract_lifecycle import Reloader
from contract_models import write_infnet
from contract_rest import RestApi
from tensorflow.core.example.example_pb2 import Example
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig

from infnet_keras.export import predict

pytestmark = pytest.mark.backend("tensorflow")


@pytest.fixture(scope="module")
def infnet(models: Path) -> Path:
    """The model's directory; written once for all workers, and only where it is asked for."""
    with (models / "infnet.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = models / "infnet"
        if not directory.exists():
            write_infnet(directory)
    return directory


@pytest.fixture(scope="module")
def served(infnet: Path, models: Path, grpc_api: GrpcApi) -> Iterator[dict[str, Any]]:
    """Serves the model as `infnet`; its example request, of rows."""
    reloader = Reloader(grpc_api, models)
    reloader(ModelConfig(name="infnet", base_path=str(infnet), model_platform="tensorflow"))
    yield json.loads((infnet / "1" / "assets.extra" / "example_request.json").read_text())
    reloader.restore()


def rounded(rows: Any) -> list[dict[str, float]]:
    return [{task: round(value, 5) for task, value in row.items()} for row in rows]


def test_rows_and_columns_answer_as_the_export_does(
    served: dict[str, Any], infnet: Path, rest_api: RestApi
) -> None:
    expected = rounded(predict(infnet, served)["predictions"])
    assert len(expected) == len(served["instances"])
    assert rounded(rest_api.predict("infnet", served).json["predictions"]) == expected
    columns = {name: [row[name] for row in served["instances"]] for name in served["instances"][0]}
    payload = {"signature_name": served["signature_name"], "inputs": columns}
    outputs = rest_api.predict("infnet", payload).json["outputs"]
    rows = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
    assert rounded(rows) == expected


def test_serialised_examples_are_the_default(
    served: dict[str, Any], infnet: Path, rest_api: RestApi
) -> None:
    instances = []
    for row in served["instances"]:
        example = Example()
        for name, value in row.items():
            feature = example.features.feature[name]
            if isinstance(value, str):
                feature.bytes_list.value.append(value.encode())
            else:
                feature.int64_list.value.append(value)
        instances.append({"b64": base64.b64encode(example.SerializeToString()).decode()})
    found = rest_api.predict("infnet", {"instances": instances}).json["predictions"]
    assert rounded(found) == rounded(predict(infnet, served)["predictions"])


def test_grpc_agrees_with_rest(
    served: dict[str, Any], rest_api: RestApi, grpc_api: GrpcApi
) -> None:
    columns = {name: [row[name] for row in served["instances"]] for name in served["instances"][0]}
    inputs = {name: tf.make_tensor_proto(np.array(values)) for name, values in columns.items()}
    outputs = grpc_api.predict("infnet", inputs, signature=served["signature_name"])
    payload = {"signature_name": served["signature_name"], "inputs": columns}
    for task, values in rest_api.predict("infnet", payload).json["outputs"].items():
        np.testing.assert_allclose(outputs[task], values, rtol=1e-6)
