"""Dates and numbers of the wrong format in requests: answered as missing, counted, or refused."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from client_server import Served, serve

from serving.client import GrpcClient, ModelClient, RestClient, ServingError
from serving.status import Code

CONFIG = """
model_config_list {{
  config {{ name: "shop" base_path: "{root}/shop" model_platform: "tensorflow" }}
}}
"""
METRIC = ":tensorflow:serving:unreadable_values"


def write_model(path: Path) -> None:
    """A small model that reads a time, a date and a number from texts."""
    from infnet_keras.export.compute_reference import compute_reference
    from infnet_keras.export.write_saved_model import write_saved_model
    from infnet_keras.features import Assets, RowTransform, read_raw
    from infnet_keras.features.assets import definition_of
    from infnet_keras.models import INFNet
    from infnet_keras.spec import spec_from_dict

    time = {"column": "at", "unit": "iso8601"}
    spec = spec_from_dict(
        {
            "name": "shop",
            "sources": {"log": {"files": "log.csv", "time": time}},
            "keys": {"user": "user_id", "item": "item"},
            "fields": {
                "user_id": {"side": "user", "hash": 20},
                "item": {"side": "item", "hash": 20},
                "hour": {"side": "context", "derive": "hour_of_day"},
                "age": {
                    "side": "item",
                    "derive": {"days_since": {"column": "listed"}},
                    "boundaries": [7, 30],
                },
                "tab": {"side": "context", "identity": 5},
            },
            "tasks": {"click": {"label": "is_click"}},
            "model": {"dim": 8, "blocks": 2, "tower_hidden": [8]},
        }
    )
    types = dict.fromkeys(("user_id", "item", "at", "listed", "tab"), "string")
    assets = Assets(definition_of(spec), types, {}, {})
    model: Any = INFNet(spec, assets.table_rows(spec))
    model.build()
    random = np.random.default_rng(7)
    for weight in model.weights:
        weight.assign(random.normal(0.0, 0.6, weight.shape).astype(weight.dtype))
    model.assets = assets
    transform = RowTransform(spec, assets)
    rows = {name: [value] for name, value in ROW.items()}
    write_saved_model(
        model, compute_reference(model, transform, read_raw(transform.inputs, rows)), path
    )


ROW = {
    "user_id": "ann",
    "item": "lamp",
    "at": "2024-03-01T20:30:00",
    "listed": "2024-02-28",
    "tab": "3",
}
WRONG = {"at": "01.03.2024 20:30", "listed": "28/02/2024", "tab": "three"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("shop")
    write_model(root / "shop" / "1")
    monitoring = root / "monitoring.config"
    monitoring.write_text('prometheus_config { enable: true path: "/metrics" }')
    flags = [f"--monitoring_config_file={monitoring}"]
    with serve(root, CONFIG.format(root=root), "shop", flags=flags) as served:
        yield served


def client_of(shop: Served, api: str, refuse: bool) -> ModelClient:
    if api == "rest":
        return RestClient(shop.rest, "shop", refuse_unreadable=refuse)
    return GrpcClient(shop.grpc, "shop", refuse_unreadable=refuse)


def counts(shop: Served) -> dict[str, int]:
    """Input -> how many values of it could not be read so far."""
    page = requests.get(f"{shop.rest}/metrics", timeout=60).text
    line = re.compile(METRIC + r'\{model_name="shop",input="(\w+)"\} (\d+)')
    return {name: int(count) for name, count in line.findall(page)}


@pytest.mark.parametrize("api", ["rest", "grpc"])
@pytest.mark.parametrize("name", WRONG)
def test_it_is_answered_as_missing_and_counted(shop: Served, api: str, name: str) -> None:
    with client_of(shop, api, refuse=False) as client:
        before = counts(shop).get(name, 0)
        rows = [{**ROW, name: WRONG[name]}, {**ROW, name: None}, ROW]
        wrong, missing, right = client.predict(rows, "predict")["click"]
        assert wrong == missing
        assert wrong != right
        after = counts(shop)
        assert after[name] == before + 1


@pytest.mark.parametrize("api", ["rest", "grpc"])
@pytest.mark.parametrize("name", WRONG)
def test_it_can_be_refused(shop: Served, api: str, name: str) -> None:
    with client_of(shop, api, refuse=True) as client:
        client.predict([ROW, {**ROW, name: None}], "predict")
        before = counts(shop).get(name, 0)
        with pytest.raises(ServingError) as refused:
            client.predict([ROW, {**ROW, name: WRONG[name]}], "predict")
        assert refused.value.code is Code.INVALID_ARGUMENT
        assert f"input {name} holds {WRONG[name]!r}" in refused.value.message
        assert counts(shop)[name] == before + 1


def test_a_ranking_is_looked_at_too(shop: Served) -> None:
    user = {name: ROW[name] for name in ("user_id", "at", "tab")}
    dates = ["2024-02-28", "28.02.2024", "28.02.2024", None]
    candidates = [{"item": "lamp", "listed": date} for date in dates]
    before = counts(shop).get("listed", 0)
    with RestClient(shop.rest, "shop") as client:
        right, wrong, again, missing = client.rank(user, candidates)["click"]
    assert wrong == again == missing != right
    assert counts(shop)["listed"] == before + 2


@pytest.mark.parametrize("api", ["rest", "grpc"])
def test_examples_are_looked_at_too(shop: Served, api: str) -> None:
    from tensorflow.core.example.example_pb2 import Example

    example = Example()
    for name, value in {**ROW, "listed": WRONG["listed"]}.items():
        example.features.feature[name].bytes_list.value.append(value.encode())
    before = counts(shop).get("listed", 0)
    given = {"examples": [example.SerializeToString()] * 3}
    with client_of(shop, api, refuse=False) as client:
        assert client.predict(given)["click"].shape == (3,)
    assert counts(shop)["listed"] == before + 3
    with (
        client_of(shop, api, refuse=True) as client,
        pytest.raises(ServingError, match=r"input listed .* \(3 such values\)"),
    ):
        client.predict(given)


def test_what_a_request_asks_for_is_a_known_word(shop: Served) -> None:
    body = {"signature_name": "predict", "instances": [ROW]}
    url = f"{shop.rest}/v1/models/shop:predict"
    for word, status in {"count": 200, "refuse": 200, "drop": 400}.items():
        headers = {"Unreadable-Values": word}
        assert requests.post(url, json=body, headers=headers, timeout=60).status_code == status
