"""The Prometheus page: its names, labels and form.

Sources: util/prometheus_exporter.cc, servables/tensorflow/util.cc, http_server.cc,
saved_model_warmup_util.cc, tensorflow/cc/saved_model/loader.cc.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from contract_grpc import GrpcApi
from contract_lifecycle import OwnModel, Reloader
from contract_rest import RestApi
from write_models import METRICS_PATH

_SERIES = re.compile(r"([a-zA-Z_:][\w:]*)\{(.*)\} (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Page = dict[tuple[str, frozenset[tuple[str, str]]], float]
ReadPage = Callable[[], Page]


@pytest.fixture
def page(rest_api: RestApi) -> ReadPage:
    """Reads the page anew: (name, labels) -> value."""

    def read() -> Page:
        reply = rest_api.get(METRICS_PATH)
        assert reply.status == 200
        found: Page = {}
        for line in reply.body.decode().splitlines():
            if line.startswith("#"):
                continue
            match = _SERIES.fullmatch(line)
            assert match is not None, line
            labels = frozenset(_LABEL.findall(match[2]))
            found[match[1], labels] = float(match[3])
        return found

    return read


def value(page: Page, name: str, **labels: str) -> float:
    return page.get((name, frozenset(labels.items())), 0.0)


def test_the_page_is_text(rest_api: RestApi) -> None:
    reply = rest_api.get(METRICS_PATH)
    assert reply.status == 200
    assert reply.headers["Content-Type"].split(";")[0] == "text/plain"
    assert reply.body.endswith(b"\n")


def test_the_path_is_exact(rest_api: RestApi) -> None:
    reply = rest_api.get(f"{METRICS_PATH}?a=b")
    assert reply.status == 400
    expected = f"Unexpected path: {METRICS_PATH}?a=b. Should be {METRICS_PATH}"
    assert reply.body.decode() == expected
    assert rest_api.get(f"{METRICS_PATH}/").status == 404


def test_rest_requests_are_counted_by_status(rest_api: RestApi, page: ReadPage) -> None:
    name = ":tensorflow:serving:request_count"
    before = page()
    rest_api.predict("half_plus_two", {"instances": [1.0]})
    rest_api.predict("half_plus_two", {"instances": ["a"]})
    rest_api.predict("half_plus_two", {"instances": ["b"]})
    after = page()
    for status, count in {"OK": 1, "INVALID_ARGUMENT": 2}.items():
        labels = {"model_name": "half_plus_two", "status": status}
        assert value(after, name, **labels) - value(before, name, **labels) >= count


def test_grpc_requests_are_counted_by_status(grpc_api: GrpcApi, page: ReadPage) -> None:
    labels = {"model_name": "half_plus_two", "status": "OK"}
    name = ":tensorflow:serving:request_count"
    before = value(page(), name, **labels)
    grpc_api.predict("half_plus_two", {"x": [1.0]})
    assert value(page(), name, **labels) >= before + 1


@pytest.mark.parametrize(("api", "entrypoint"), [("Predict", "GRPC"), ("predict", "REST")])
def test_latencies_of_requests(
    grpc_api: GrpcApi, rest_api: RestApi, page: ReadPage, api: str, entrypoint: str
) -> None:
    labels = {"model_name": "half_plus_two", "API": api, "entrypoint": entrypoint}
    name = ":tensorflow:serving:request_latency"
    before = page()
    grpc_api.predict("half_plus_two", {"x": [1.0]})
    rest_api.predict("half_plus_two", {"instances": [1.0]})
    after = page()
    for part in ("_count", "_sum"):
        assert value(after, name + part, **labels) > value(before, name + part, **labels)


def test_latencies_of_the_runtime(grpc_api: GrpcApi, page: ReadPage) -> None:
    name = ":tensorflow:serving:runtime_latency_count"

    def count() -> float:
        return sum(
            number
            for (found, labels), number in page().items()
            if found == name and {("model_name", "half_plus_two"), ("API", "Predict")} <= labels
        )

    before = count()
    grpc_api.predict("half_plus_two", {"x": [1.0]})
    assert count() >= before + 1


def test_examples_are_counted(rest_api: RestApi, page: ReadPage) -> None:
    total = ":tensorflow:serving:request_example_count_total"
    counts = ":tensorflow:serving:request_example_counts"
    before = page()
    payload = {"signature_name": "regress_x_to_y", "examples": [{"x": 1.0}] * 3}
    assert rest_api.regress("half_plus_two", payload).status == 200
    after = page()
    labels = {"model": "half_plus_two"}
    assert value(after, total, **labels) >= value(before, total, **labels) + 3
    for part, growth in {"_count": 1, "_sum": 3}.items():
        grown = value(after, counts + part, **labels) - value(before, counts + part, **labels)
        assert grown >= growth


def test_histograms_have_cumulative_buckets(grpc_api: GrpcApi, page: ReadPage) -> None:
    grpc_api.predict("half_plus_two", {"x": [1.0]})
    name = ":tensorflow:serving:request_latency"
    labels = {("model_name", "half_plus_two"), ("API", "Predict"), ("entrypoint", "GRPC")}
    found = page()
    buckets = {
        dict(series)["le"]: number
        for (each, series), number in found.items()
        if each == f"{name}_bucket" and labels <= series
    }
    # Exponential: from 10, by 1.8, of 33 limits.
    assert list(buckets)[:3] == ["10", "18", "32.4"]
    assert list(buckets)[-1] == "+Inf"
    assert len(buckets) == 34
    numbers = list(buckets.values())
    assert numbers == sorted(numbers)
    assert numbers[-1] == value(found, f"{name}_count", **dict(labels))


def test_every_metric_has_its_type(rest_api: RestApi) -> None:
    rest_api.predict("half_plus_two", {"instances": [1.0]})
    lines = rest_api.get(METRICS_PATH).body.decode().splitlines()
    types = dict(
        re.fullmatch(r"# TYPE (\S+) (\S+)", line).groups() for line in lines if "#" in line
    )
    assert types[":tensorflow:serving:request_count"] == "counter"
    assert types[":tensorflow:serving:request_latency"] == "histogram"
    assert set(types.values()) <= {"counter", "gauge", "histogram", "untyped"}
    for line in lines:
        if "#" not in line:
            name = line.split("{")[0]
            plain = re.sub("_(bucket|sum|count)$", "", name)
            assert name in types or types.get(plain) == "histogram", line


def test_loads_are_counted_by_path(models: Path, page: ReadPage) -> None:
    name = ":tensorflow:cc:saved_model:load_attempt_count"
    path = str(models / "half_plus_two" / "00000123")
    assert value(page(), name, model_path=path, status="success") >= 1


def test_failed_loads_are_counted_with_their_retries(
    grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel, page: ReadPage
) -> None:
    own_model.add(1, "corrupt/1")
    request = reload.request([own_model.config()])
    grpc_api.error(grpc_api.models.HandleReloadConfigRequest, request)
    # --max_num_load_retries=1
    name = ":tensorflow:cc:saved_model:load_attempt_count"
    path = str(own_model.directory / "1")
    assert value(page(), name, model_path=path, status="fail") == 2
    assert value(page(), name, model_path=path, status="success") == 0


def test_warm_ups_are_timed_by_path(models: Path, page: ReadPage) -> None:
    path = str(models / "warm" / "1")
    found = [
        number
        for (name, labels), number in page().items()
        if name == ":tensorflow:serving:model_warmup_latency_count"
        and ("model_path", path) in labels
    ]
    assert found == [1.0]
