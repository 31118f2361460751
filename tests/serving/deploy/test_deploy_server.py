"""The embedded server with exactly the flags and files that production runs with."""

import json
import re
import shutil
import subprocess
from typing import Any

import grpc
import pytest
from deploy_files import DOCKERFILE, containers, monitoring_config
from deploy_server import Served
from tensorflow_serving.apis.get_model_status_pb2 import (
    GetModelStatusRequest,
    ModelVersionStatus,
)
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub


@pytest.mark.parametrize(("label", "version"), [("stable", "1"), ("canary", "2")])
def test_labels_resolve_over_both_apis(served: Served, label: str, version: str) -> None:
    (over_rest,) = json.loads(served.get(f"/v1/models/qb_video/labels/{label}"))[
        "model_version_status"
    ]
    assert (over_rest["version"], over_rest["state"]) == (version, "AVAILABLE")
    request = GetModelStatusRequest()
    request.model_spec.name = "qb_video"
    request.model_spec.version_label = label
    with grpc.insecure_channel(f"127.0.0.1:{served.grpc}") as channel:
        (over_grpc,) = (
            ModelServiceStub(channel).GetModelStatus(request, timeout=60).model_version_status
        )
    assert (over_grpc.version, over_grpc.state) == (int(version), ModelVersionStatus.AVAILABLE)


@pytest.mark.parametrize("label", ["stable", "canary"])
def test_predictions_by_label(served: Served, label: str) -> None:
    rows = json.loads(served.predict(label))["predictions"]
    assert len(rows) == 3
    assert all(0 < row[task] < 1 for row in rows for task in ("click", "like"))


def test_both_versions_were_warmed_up_by_the_exporters_records(served: Served) -> None:
    count = r'model_warmup_latency_count\{model_path="[^"]*/([12])",status="OK"\} 1'
    assert sorted(re.findall(count, served.metrics())) == ["1", "2"]


def test_requests_are_batched(served: Served) -> None:
    served.predict("stable")
    rows = r"^:tensorflow:serving:batching_session:processed_batch_size_count\{\} (\d+)$"
    found = re.search(rows, served.metrics(), re.MULTILINE)
    assert found
    assert int(found[1]) > 0


def test_metrics_are_at_the_monitoring_path(served: Served) -> None:
    assert served.get(monitoring_config().prometheus_config.path).startswith("# TYPE :tensorflow")


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_succeed(served: Served, probe: str) -> None:
    request = containers()["kubernetes"][probe]["httpGet"]
    assert "AVAILABLE" in served.get(request["path"])


def healthcheck(rest: int) -> list[str]:
    """The Dockerfile's health check of a server on another port."""
    text = re.search(r"HEALTHCHECK.*?CMD (\[.*?\])$", DOCKERFILE.read_text(), re.S | re.M)
    assert text
    command: Any = json.loads(text[1])
    return [part.replace("/8501", f"/{rest}") for part in command]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the health check is bash's")
def test_the_images_health_check(served: Served) -> None:
    assert subprocess.run(healthcheck(served.rest), timeout=60, check=False).returncode == 0
    # The gRPC port answers no HTTP/1.
    failed = subprocess.run(healthcheck(served.grpc), timeout=60, check=False, capture_output=True)
    assert failed.returncode != 0
