"""A spec whose names no signature can hold: prepared, exported, served and asked.

That the page takes it is seen in tests/serving/page.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
from any_names import ROW, SERVED, SPEC, any_names_model

from infnet_keras.cli import main
from infnet_keras.spec import FeatureSpec, parse_spec


@pytest.fixture(scope="module")
def spec() -> FeatureSpec:
    return parse_spec(SPEC)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return any_names_model(tmp_path_factory.mktemp("odd"))


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


class Ports(NamedTuple):
    """Where a server answers."""

    grpc: int
    rest: int


@pytest.fixture(scope="module")
def ports(exported_any_names: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    """The embedded server, in a process of its own."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("localhost", 0))
        other.bind(("localhost", 0))
        ports = Ports(one.getsockname()[1], other.getsockname()[1])
    log = tmp_path_factory.mktemp("server") / "log"
    flags = [f"--port={ports.grpc}", f"--rest_api_port={ports.rest}", "--model_name=odd"]
    base = f"--model_base_path={exported_any_names}"
    command = [sys.executable, "-m", "serving.server", *flags, base]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    with log.open("wb") as output:
        root = Path(__file__).parents[2]
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=output, stderr=output)
    from serving.client import RestClient

    try:
        with RestClient(f"http://localhost:{ports.rest}", "odd") as client:
            client.wait_until_available(timeout=240)
        assert process.poll() is None, log.read_text()
        yield ports
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module", params=["REST", "gRPC"])
def client(request: pytest.FixtureRequest, ports: Ports) -> Iterator[Any]:
    from serving.client import GrpcClient, RestClient

    if request.param == "REST":
        opened: Any = RestClient(f"http://localhost:{ports.rest}", "odd")
    else:
        opened = GrpcClient(f"localhost:{ports.grpc}", "odd")
    with opened:
        yield opened


@pytest.mark.backend("tensorflow")
def test_directory_and_server_answer_alike_by_either_name(
    spec: FeatureSpec,
    model: Any,
    exported_any_names: Path,
    ports: Ports,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    served = json.loads(
        (exported_any_names / "1" / "assets" / "served_names.json").read_text("utf-8")
    )
    assert served.items() >= SERVED.items()
    body = tmp_path / "request.json"
    bare = {**ROW, "看 过__item_id:token": [], "看 过___tags": []}
    rows = [ROW, as_served(spec, ROW), bare]
    body.write_text(json.dumps({"instances": rows}), "utf-8")
    asked = (
        ["--model", str(exported_any_names)],
        ["--url", f"http://localhost:{ports.rest}/v1/models/odd"],
    )
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
    example = exported_any_names / "1" / "assets.extra" / "example_request.json"
    assert main(["predict", *asked[1], "--json", str(example)]) == 0


@pytest.mark.backend("tensorflow")
def test_clients_take_the_own_names(
    spec: FeatureSpec, exported_any_names: Path, client: Any
) -> None:
    """By rows and by columns they give the signature's own scores, to the last digit."""
    import tensorflow as tf

    from infnet_keras.export.predict import load
    from serving.client import ServingError

    predict = load(exported_any_names / "1").signatures["predict"]
    _, declared = predict.structured_input_signature
    row = {**as_served(spec, ROW), spec.served_names["看 过__length"]: 2}
    expected = predict(**{n: tf.constant([row[n]], t.dtype) for n, t in declared.items()})
    assert expected.keys() == spec.tasks.keys()
    for given in ([ROW], {name: [value] for name, value in ROW.items()}):
        found = client.predict(given, "predict")
        assert found.keys() == expected.keys()
        for task, scores in expected.items():
            np.testing.assert_array_equal(found[task], scores.numpy())
    with pytest.raises(ServingError, match="two names of one input"):
        client.predict([{**ROW, "item_id_token": "i1"}], "predict")


@pytest.mark.backend("tensorflow")
def test_candidates_are_ranked_by_either_name(spec: FeatureSpec, model: Any, client: Any) -> None:
    items = [{"item_id:token": f"i{n}", "_tags": "t1", "candidate_count": 2} for n in range(3)]
    user = {name: value for name, value in ROW.items() if name not in items[0]}
    found = client.rank(user, items)
    alike = client.rank(as_served(spec, user), [as_served(spec, item) for item in items])
    expected = probabilities(model, *({**user, **item} for item in items))
    for task, scores in found.items():
        assert scores == pytest.approx([row[task] for row in expected], abs=1e-5)
        np.testing.assert_array_equal(scores, alike[task])
