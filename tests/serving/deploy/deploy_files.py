"""The files of serving/tf_serving and serving/deploy, parsed."""

import json
from pathlib import Path
from typing import Any

import yaml
from dockerfile_parse import DockerfileParser
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.protos.monitoring_config_pb2 import MonitoringConfig
from serving.protos.session_bundle_config_pb2 import BatchingParameters

ROOT = Path(__file__).parents[3]
TF_SERVING = ROOT / "serving" / "tf_serving"
DEPLOY = ROOT / "serving" / "deploy"
COMPOSE = DEPLOY / "compose.yaml"
DOCKERFILE = DEPLOY / "Dockerfile"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "infnet_serving.json"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
INFERENCE_SERVICE = DEPLOY / "kserve" / "inference_service.yaml"


def models_config() -> ModelServerConfig:
    return text_format.Parse((TF_SERVING / "models.config").read_text(), ModelServerConfig())


def batching_parameters() -> BatchingParameters:
    return text_format.Parse((TF_SERVING / "batching.config").read_text(), BatchingParameters())


def monitoring_config() -> MonitoringConfig:
    return text_format.Parse((TF_SERVING / "monitoring.config").read_text(), MonitoringConfig())


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text()))


def manifest(kind: str) -> Any:
    """The only manifest of a kind in kubernetes/."""
    (found,) = [d for path in KUBERNETES for d in documents(path) if d["kind"] == kind]
    return found


def containers() -> dict[str, Any]:
    """The server's container under Kubernetes and under KServe."""
    deployment = manifest("Deployment")["spec"]["template"]["spec"]
    (service,) = documents(INFERENCE_SERVICE)
    return {
        "kubernetes": deployment["containers"][0],
        "kserve": service["spec"]["predictor"]["containers"][0],
    }


def dockerfile() -> dict[str, str]:
    """Instruction -> its argument; those used here appear once."""
    parsed = DockerfileParser(fileobj=DOCKERFILE.open("rb")).structure
    found = {line["instruction"]: line["value"] for line in parsed}
    found.pop("COMMENT", None)
    return found


def server_flags() -> list[str]:
    """The server's command line, as the Dockerfile has it."""
    flags: list[str] = json.loads(dockerfile()["CMD"])
    return flags
