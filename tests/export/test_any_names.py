"""A spec whose names no signature can hold: prepared, exported, served and asked.

Chinese names, and names such as `item_id:token` of RecBole's atomic files, are two of their kinds.
"""

import csv
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from infnet_keras.cli import main
from infnet_keras.spec import FeatureSpec, parse_spec

SPEC = """
name: odd
sources: {log: {files: log.csv, time: {column: "time:float", unit: s}}}
keys: {user: "用户", item: "item_id:token"}
tables: {"a/b": {vocabulary: {}}, "点击": {vocabulary: {}}}
fields:
  "用户/(x)": {side: user, column: "用户", vocabulary: {}}
  "item_id:token": {side: item, table: "a/b"}
  "_tags": {side: item, table: "点击", multivalue: "|", max_values: 2}
  "class": {side: context, hash: 9}
  "candidate_count": {side: item, hash: 9}
  "小时": {side: context, derive: hour_of_day}
sequences:
  "看 过": {when: "`点 了` == 1", length: 3, attributes: {"item_id:token": "a/b", "_tags": "点击"}}
tasks: {"点/赞": {label: "点 了"}, "buy it": {label: "buy?"}}
splits: {valid_from: "1970-01-03", test_from: "1970-01-04"}
model: {type: infnet, blocks: 2, dim: 4, tower_hidden: [4]}
"""
SERVED = {
    "用户": "x_0d0e1a",
    "item_id:token": "item_id_token",
    "_tags": "x_tags",
    "class": "class_088911",
    "candidate_count": "candidate_count_3f3d95",
    "time:float": "time_float",
}
ROW = {
    "用户": "u1",
    "item_id:token": "i2",
    "_tags": "t1|t2",
    "class": "c",
    "candidate_count": 3,
    "time:float": 7200,
    "看 过__item_id:token": ["i1", "i3"],
    "看 过___tags": ["t1", ""],
}


@pytest.fixture(scope="module")
def spec() -> FeatureSpec:
    return parse_spec(SPEC)


@pytest.fixture(scope="module")
def model(spec: FeatureSpec, tmp_path_factory: pytest.TempPathFactory) -> Any:
    from infnet_keras.data.preparation.prepare import prepare
    from infnet_keras.models import from_spec

    directory = tmp_path_factory.mktemp("odd")
    with (directory / "log.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        file.write("用户,item_id:token,time:float,点 了,buy?,_tags,class,candidate_count\n")
        for n in range(48):
            writer.writerow(
                [f"u{n % 3}", f"i{n % 5}", n * 7200, n % 2, n % 3 // 2, f"t{n % 4}|t1", "c", n % 7]
            )
    prepare(spec, directory, directory / "data", "1970-01-03", "1970-01-04")
    model = from_spec(spec, data=directory / "data")
    random = np.random.default_rng(7)
    for weight in model.weights:
        weight.assign(random.normal(0.0, 0.6, weight.shape).astype(weight.dtype))
    return model


def probabilities(model: Any, *rows: dict[str, Any]) -> list[dict[str, float]]:
    """What the model itself gives, from the NumPy transform."""
    from infnet_keras.features import RowTransform

    transform = RowTransform(model.spec, model.assets)
    counted = [{**row, "看 过__length": len(row["看 过__item_id:token"])} for row in rows]
    raw: dict[str, Any] = {}
    for given in transform.inputs:
        column = [row[given.name] for row in counted]
        if given.kind == "sequence":
            column = [[*steps, *[None] * (2 - len(steps))] for steps in column]
        raw[given.name] = column
    found = model(transform(raw), training=False)
    columns = {task: np.asarray(keras.ops.convert_to_numpy(p)) for task, p in found.items()}
    return [{task: p[n] for task, p in columns.items()} for n in range(len(rows))]


def as_served(spec: FeatureSpec, row: dict[str, Any]) -> dict[str, Any]:
    return {spec.served_names[name]: value for name, value in row.items()}


def test_the_mapping_and_the_files_follow_from_the_spec(
    spec: FeatureSpec, model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from infnet_keras.features import Assets

    assert {name: spec.served_names[name] for name in SERVED} == SERVED
    file = tmp_path / "spec.yaml"
    file.write_text(SPEC, "utf-8")
    assert main(["spec", "check", str(file)]) == 0
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["item_id:token", SERVED["item_id:token"]] in printed
    model.assets.save(tmp_path)
    assert sorted(f.stem for f in (tmp_path / "vocabulary").iterdir()) == sorted(
        ["a_b", "x_dc7148", "x_50d39c"]
    )
    assert Assets.load(tmp_path).vocabularies == model.assets.vocabularies
    assert sorted(model.assets.vocabularies["a/b"]) == [f"i{n}" for n in range(5)]


def test_a_keras_file_gives_the_model_back(model: Any, tmp_path: Path) -> None:
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert len({weight.path for weight in loaded.weights}) == len(loaded.weights)
    for found, expected in zip(probabilities(loaded, ROW), probabilities(model, ROW), strict=True):
        assert found == pytest.approx(expected, abs=1e-6)


@pytest.fixture(scope="module")
def exported(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from infnet_keras.export import export_saved_model

    return export_saved_model(model, tmp_path_factory.mktemp("exported") / "odd").parent


@pytest.fixture(scope="module")
def port(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The embedded server, in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    flags = ["--port=0", f"--rest_api_port={port}", "--model_name=odd"]
    command = [sys.executable, "-m", "serving.server", *flags, f"--model_base_path={exported}"]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    with log.open("wb") as output:
        root = Path(__file__).parents[2]
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=output, stderr=output)
    from serving.client import RestClient

    try:
        with RestClient(f"http://localhost:{port}", "odd") as client:
            client.wait_until_available(timeout=240)
        assert process.poll() is None, log.read_text()
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.mark.backend("tensorflow")
def test_directory_and_server_answer_alike_by_either_name(
    spec: FeatureSpec,
    model: Any,
    exported: Path,
    port: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    served = json.loads((exported / "1" / "assets" / "served_names.json").read_text("utf-8"))
    assert served.items() >= SERVED.items()
    body = tmp_path / "request.json"
    bare = {**ROW, "看 过__item_id:token": [], "看 过___tags": []}
    rows = [ROW, as_served(spec, ROW), bare]
    body.write_text(json.dumps({"instances": rows}), "utf-8")
    asked = (["--model", str(exported)], ["--url", f"http://localhost:{port}/v1/models/odd"])
    expected = probabilities(model, ROW, ROW, bare)
    for where in asked:
        assert main(["predict", *where, "--json", str(body)]) == 0
        found = json.loads(capsys.readouterr().out)["predictions"]
        for row, wanted in zip(found, expected, strict=True):
            assert row == pytest.approx(wanted, abs=1e-5)
    body.write_text(json.dumps({"instances": [{**ROW, "item_id_token": "i1"}]}), "utf-8")
    for where in asked:
        assert main(["predict", *where, "--json", str(body)]) == 2
        assert "two names of one input" in capsys.readouterr().err
    example = exported / "1" / "assets.extra" / "example_request.json"
    assert main(["predict", *asked[1], "--json", str(example)]) == 0


@pytest.mark.backend("tensorflow")
def test_candidates_are_ranked_by_either_name(spec: FeatureSpec, model: Any, port: int) -> None:
    from serving.client import RestClient

    items = [{"item_id:token": f"i{n}", "_tags": "t1", "candidate_count": 2} for n in range(3)]
    user = {name: value for name, value in ROW.items() if name not in items[0]}
    with RestClient(f"http://localhost:{port}", "odd") as client:
        found = client.rank(user, items)
        alike = client.rank(as_served(spec, user), [as_served(spec, item) for item in items])
    expected = probabilities(model, *({**user, **item} for item in items))
    for task, scores in found.items():
        assert scores == pytest.approx([row[task] for row in expected], abs=1e-5)
        np.testing.assert_array_equal(scores, alike[task])


@pytest.mark.backend("tensorflow")
def test_the_page_shows_the_own_names(port: int) -> None:
    from urllib.request import urlopen

    with urlopen(f"http://localhost:{port}/page/version.json?model=odd&version=1") as reply:
        found = json.load(reply)
    predict = found["signatures"][0]
    assert {i["column"]: i["name"] for i in predict["inputs"]}.items() >= SERVED.items()
    assert set(predict["example"]) == {i["name"] for i in predict["inputs"]}
    (behaviour,) = predict["behaviours"]
    assert behaviour["name"] == "看 过"
    assert [column for _, column in behaviour["lists"]] == ["item_id:token", "_tags"]
    assert found["fields"]["用户/(x)"] == SERVED["用户"]
    assert set(found["histories"]["看 过"]) == {name for name, _ in behaviour["lists"]}
