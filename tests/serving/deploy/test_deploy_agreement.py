"""Whatever two files both say, they say alike."""

import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from deploy_files import (
    COMPOSE,
    DEPLOY,
    DOCKERFILE,
    INFERENCE_SERVICE,
    ROOT,
    containers,
    dockerfile,
    documents,
    manifest,
    models_config,
    monitoring_config,
    server_flags,
)

from serving.server.flags import Flags, parse_flags

IMAGE = re.compile(r"(?:tensorflow/serving|infnet-serving):(\S+)")


@pytest.fixture
def flags() -> Flags:
    return parse_flags(server_flags())


def flagged(container: Any) -> Flags:
    return parse_flags(container["args"])


def test_the_images_are_of_the_exporters_tensorflow() -> None:
    exporter = version("tensorflow")
    texts = [p for p in DEPLOY.rglob("*") if p.suffix in (".yaml", "") and p.is_file()]
    tags = {tag for path in texts for tag in IMAGE.findall(path.read_text())}
    assert len(tags) == 1, f"one version of the server, not {tags}"
    # A patch release of TensorFlow reads what another of the same minor version wrote.
    assert tags.pop().split(".")[:2] == exporter.split(".")[:2]


def test_every_image_is_pinned() -> None:
    images = [service["image"] for service in documents(COMPOSE)[0]["services"].values()]
    images += [container["image"] for container in containers().values()]
    images.append(dockerfile()["FROM"])
    assert all(re.search(r":v?\d+\.\d+\.\d+$", image) for image in images), images


@pytest.mark.parametrize("where", ["kubernetes", "kserve"])
def test_every_way_runs_the_server_with_the_same_flags(where: str, flags: Flags) -> None:
    container = containers()[where]
    assert flagged(container) == flags
    assert container["command"] == json.loads(dockerfile()["ENTRYPOINT"])
    assert container["image"] == dockerfile()["FROM"]


def test_the_container_is_the_same_under_kubernetes_and_kserve() -> None:
    """But for its name, which KServe gives, and its first port, which KServe's route leads to."""
    own, kserves = containers().values()
    assert {**own, "name": kserves["name"], "ports": own["ports"][::-1]} == kserves


@pytest.mark.parametrize("where", ["kubernetes", "kserve"])
def test_probes_ask_for_the_configured_model_and_label(where: str, flags: Flags) -> None:
    container = containers()[where]
    (model,) = models_config().model_config_list.config
    named = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert named == {"rest": flags.rest_api_port, "grpc": flags.port}
    paths = {
        probe: container[probe]["httpGet"]["path"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    status = f"/v1/models/{model.name}"
    assert paths.pop("readinessProbe") == f"{status}/labels/stable"
    assert set(paths.values()) == {status}
    assert {container[p]["httpGet"]["port"] for p in ("readinessProbe", *paths)} == {"rest"}
    assert f"{status}/labels/stable " in DOCKERFILE.read_text()


def test_labels_point_at_versions_that_are_served() -> None:
    (model,) = models_config().model_config_list.config
    assert set(model.version_labels) == {"stable", "canary"}
    assert set(model.version_labels.values()) <= set(model.model_version_policy.specific.versions)


def test_files_and_models_are_mounted_where_the_flags_look(flags: Flags) -> None:
    (model,) = models_config().model_config_list.config
    served = documents(COMPOSE)[0]["services"]["serving"]
    compose = [volume.rsplit(":", 2)[-2] for volume in served["volumes"]]
    mounted = {
        where: [mount["mountPath"] for mount in container["volumeMounts"]]
        for where, container in containers().items()
    }
    for where, paths in {**mounted, "compose": compose}.items():
        assert str(Path(model.base_path).parent) in paths, where
        for file in (
            flags.model_config_file,
            flags.batching_parameters_file,
            flags.monitoring_config_file,
        ):
            assert str(Path(file).parent) in paths, where
            assert (ROOT / "serving" / "tf_serving" / Path(file).name).is_file()


def test_compose_publishes_the_servers_ports_to_this_machine_alone(flags: Flags) -> None:
    services = documents(COMPOSE)[0]["services"]
    published = {port for service in services.values() for port in service["ports"]}
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert {f"127.0.0.1:{port}:{port}" for port in (flags.port, flags.rest_api_port)} <= published
    assert dockerfile()["EXPOSE"] == f"{flags.port} {flags.rest_api_port}"


def test_kubernetes_objects_select_the_same_pods() -> None:
    deployment = manifest("Deployment")
    name, pod = deployment["metadata"]["name"], deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"] == pod
    assert manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == pod
    services = documents(DEPLOY / "kubernetes" / "service.yaml")
    assert all(service["spec"]["selector"] == pod for service in services)
    ports = {port["name"] for port in containers()["kubernetes"]["ports"]}
    assert {port["targetPort"] for s in services for port in s["spec"]["ports"]} == ports
    scaler = manifest("HorizontalPodAutoscaler")["spec"]
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    assert scaler["scaleTargetRef"] == target
    # What is always there must outnumber what may be gone.
    assert scaler["minReplicas"] > manifest("PodDisruptionBudget")["spec"]["maxUnavailable"]
    (service,) = documents(INFERENCE_SERVICE)
    assert service["spec"]["predictor"]["labels"] == pod


def test_the_claim_and_the_config_map_have_one_name() -> None:
    (service,) = documents(INFERENCE_SERVICE)
    volumes = manifest("Deployment")["spec"]["template"]["spec"]["volumes"]
    assert service["spec"]["predictor"]["volumes"] == volumes
    claim, config = volumes
    name = manifest("PersistentVolumeClaim")["metadata"]["name"]
    assert claim["persistentVolumeClaim"]["claimName"] == name
    guide = (ROOT / "docs" / "deploy.md").read_text()
    assert f"create configmap {config['configMap']['name']} --from-file=serving/tf_serving" in guide


@pytest.mark.parametrize("name", ["prometheus.yaml", "kubernetes.yaml"])
def test_prometheus_scrapes_the_monitoring_path(name: str, flags: Flags) -> None:
    (job,) = documents(DEPLOY / "prometheus" / name)[0]["scrape_configs"]
    assert job["metrics_path"] == monitoring_config().prometheus_config.path
    if name == "prometheus.yaml":
        assert job["static_configs"] == [{"targets": [f"serving:{flags.rest_api_port}"]}]
        return
    keeps = [rule["regex"] for rule in job["relabel_configs"] if rule.get("action") == "keep"]
    pod = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert keeps == [*pod.values(), str(flags.rest_api_port)]


def test_grafana_finds_its_data_source_and_its_dashboards() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    (source,) = documents(provisioning / "datasources" / "prometheus.yaml")[0]["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = documents(provisioning / "dashboards" / "infnet.yaml")[0]["providers"]
    grafana = documents(COMPOSE)[0]["services"]["grafana"]
    mounts = dict(volume.rsplit(":", 2)[:2] for volume in grafana["volumes"])
    assert mounts["./grafana/dashboards"] == provider["options"]["path"]
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert (DEPLOY / "grafana" / "dashboards" / home.name).is_file()
    assert str(home.parent) == provider["options"]["path"]


def test_every_file_that_compose_mounts_is_there() -> None:
    services = documents(COMPOSE)[0]["services"]
    sources = [v.split(":")[0] for s in services.values() for v in s["volumes"] if v[0] == "."]
    assert sources
    assert all((DEPLOY / source).exists() for source in sources)
