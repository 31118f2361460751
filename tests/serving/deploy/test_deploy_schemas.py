"""Every file against the schema of what reads it, as a package brings it.

Compose: the compose specification's JSON schema in check-jsonschema. Kubernetes: the API's schemas
in kubernetes-validate, unknown fields refused. KServe: the fields that the kserve package's models
name. Dockerfile: hadolint. Prometheus and Grafana have no schema in any package that could be used
here: see test_deploy_agreement.py and test_dashboard.py for what is checked of them.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from deploy_files import (
    COMPOSE,
    DOCKERFILE,
    INFERENCE_SERVICE,
    KUBERNETES,
    batching_parameters,
    documents,
    models_config,
    monitoring_config,
)
from kserve_fields import unknown_fields

from serving.batching.batching_options import BatchingOptions
from serving.lifecycle.model_config import check_config

# The oldest and the newest release that the schemas cover and that is not long out of support.
RELEASES = ("1.32", "1.37")


def program(name: str) -> str:
    """A command of a package of this environment."""
    return str(Path(sys.executable).with_name(name))


def compose_errors(path: Path) -> str:
    command = [program("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_compose_file() -> None:
    assert compose_errors(COMPOSE) == ""


def test_the_schema_of_compose_finds_a_misspelt_key(tmp_path: Path) -> None:
    misspelt = tmp_path / "compose.yaml"
    misspelt.write_text(COMPOSE.read_text().replace("depends_on", "depend_on", 1))
    assert "depend_on" in compose_errors(misspelt)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("path", KUBERNETES, ids=lambda path: path.stem)
def test_kubernetes_manifests(path: Path, release: str) -> None:
    for document in documents(path):
        kubernetes_validate.validate(document, release, strict=True)


def test_the_schema_of_kubernetes_finds_a_misspelt_field() -> None:
    (deployment,) = [d for p in KUBERNETES for d in documents(p) if d["kind"] == "Deployment"]
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["readynessProbe"] = container.pop("readinessProbe")
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(deployment, RELEASES[-1], strict=True)


@pytest.fixture
def inference_service() -> Any:
    (document,) = documents(INFERENCE_SERVICE)
    return document


def test_inference_service(inference_service: Any) -> None:
    assert unknown_fields(inference_service, "V1beta1InferenceService") == []


def test_the_pod_in_the_inference_service(inference_service: Any) -> None:
    """KServe takes a pod's own fields beside its own: those must make a pod."""
    predictor = inference_service["spec"]["predictor"]
    kserves = {"minReplicas", "maxReplicas", "scaleMetric", "scaleTarget", "labels"}
    spec = {name: value for name, value in predictor.items() if name not in kserves}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec}
    kubernetes_validate.validate(pod, RELEASES[-1], strict=True)


def test_kserves_models_find_misspelt_fields_and_wrong_types(inference_service: Any) -> None:
    predictor = inference_service["spec"]["predictor"]
    predictor["minReplica"] = predictor.pop("minReplicas")
    predictor["maxReplicas"] = "ten"
    inference_service["spec"]["predictors"] = {}
    assert unknown_fields(inference_service, "V1beta1InferenceService") == [
        "spec.predictor.maxReplicas: 'ten' is not of type int",
        "spec.predictor.minReplica: unknown",
        "spec.predictors: unknown",
    ]


def test_dockerfile() -> None:
    done = subprocess.run(
        [program("hadolint"), "--failure-threshold", "style", str(DOCKERFILE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_models_config() -> None:
    check_config(models_config(), [])


def test_batching_config() -> None:
    options = BatchingOptions.from_parameters(batching_parameters())
    assert options.pad_variable_length_inputs
    # `infnet benchmark serving` sends this many rows at once.
    assert options.max_batch_size >= 256


def test_monitoring_config() -> None:
    assert monitoring_config().prometheus_config.enable


def test_yaml_has_no_key_twice() -> None:
    """PyYAML would take the last one and say nothing."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Any:
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: {keys}"
        return loader.construct_mapping(node)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    for path in (COMPOSE.parent).rglob("*.yaml"):
        list(yaml.load_all(path.read_text(), Strict))
