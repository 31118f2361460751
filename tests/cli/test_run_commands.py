import io
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from infnet_keras.cli import main
from infnet_keras.data import PreparedData
from infnet_keras.evaluation import Predictions, sample_inputs
from infnet_keras.evaluation.attention import AttentionMap, average_attention
from infnet_keras.evaluation.collapse import measure_collapse
from infnet_keras.metrics import auc, grouped_auc
from infnet_keras.spec import load_spec

pytestmark = pytest.mark.usefixtures("uncompiled")

SMALL = ["model.dim=8", "model.blocks=2", "training.epochs=1", "training.batch_size=200"]


def train(data: Path, run: Path, *more: str) -> int:
    replacements = [part for pair in SMALL for part in ("--set", pair)]
    command = ["train", "--spec", "minimal", "--data", str(data), "--run", str(run)]
    return main([*command, *replacements, "--backend", keras.backend.backend(), *more])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    path = tmp_path_factory.mktemp("runs") / "run"
    assert train(data, path, "--seed", "7") == 0
    return path


def test_train_resolves_the_spec(run: Path) -> None:
    spec = load_spec(run / "spec.yaml")
    assert (spec.dim, spec.training.epochs, spec.training.seed) == (8, 1, 7)


def test_train_reports(capsys: pytest.CaptureFixture[str], run: Path, data: Path) -> None:
    assert train(data, run, "--seed", "7") == 0
    captured = capsys.readouterr()
    (evaluation,) = map(json.loads, (run / "history.jsonl").read_text().splitlines())
    assert f"best mean validation AUC {evaluation['mean_auc']:.4f} in epoch 1" in captured.out
    assert "finished run" in captured.err


def test_train_refuses_the_run_of_another_seed(
    capsys: pytest.CaptureFixture[str], run: Path, data: Path
) -> None:
    assert train(data, run, "--seed", "8") == 2
    message = capsys.readouterr().err
    assert "training.seed (7 there, 8 here)" in message
    assert "--restart" in message


def test_a_warm_start_says_what_it_kept(
    capsys: pytest.CaptureFixture[str], run: Path, data: Path, tmp_path: Path
) -> None:
    assert train(data, tmp_path / "next", "--seed", "7", "--warm-start", str(run)) == 0
    said = capsys.readouterr().err
    assert f"warm start from {run.resolve()}\n" in said
    assert "tables: every row kept" in said
    assert train(data, run, "--seed", "7", "--warm-start", str(run)) == 2
    assert "cannot be warmed from itself" in capsys.readouterr().err


def test_restart(run: Path, data: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "run")
    before = (tmp_path / "run" / "model.keras").stat().st_ino
    assert train(data, tmp_path / "run", "--seed", "8", "--restart") == 0
    assert (tmp_path / "run" / "model.keras").stat().st_ino != before
    assert load_spec(tmp_path / "run" / "spec.yaml").training.seed == 8


def test_evaluate_writes_report_and_predictions(
    capsys: pytest.CaptureFixture[str], run: Path, data: Path, tmp_path: Path
) -> None:
    report_file, predictions_file = tmp_path / "report.json", tmp_path / "predictions.npz"
    files = ["--json", str(report_file), "--predictions", str(predictions_file)]
    assert main(["evaluate", "--run", str(run), "--data", str(data), *files]) == 0
    report = json.loads(report_file.read_text())
    predictions = Predictions.load(predictions_file)
    assert len(predictions.users) == PreparedData.open(data).count("test")
    for task in ("click", "buy"):
        labels, scores = predictions.labels[task], predictions.probabilities[task]
        assert report[task]["auc"] == pytest.approx(auc(labels, scores))
        expected = grouped_auc(labels, scores, predictions.users).value
        assert report[task]["gauc"] == pytest.approx(expected, nan_ok=True)
        assert {"auc_ci95", "logloss", "calibration", "ece"} <= set(report[task])
    text = capsys.readouterr().out
    assert f"{report['click']['auc']:.4f}" in text
    assert set(report) == {"click", "buy", "mean", "_collapse"}
    assert [block["block"] for block in report["_collapse"]] == [1, 2]
    first, last = report["_collapse"]
    for name in ("task_cosine", "sequence_attention_distance", "proxy_cosine"):
        assert f"{first[name]:.4f}" in text
    assert f"{last['task_cosine']:.4f}" in text
    assert last["proxy_cosine"] is None


def test_a_model_without_blocks_is_evaluated_all_the_same(
    capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path
) -> None:
    run, report = tmp_path / "run", tmp_path / "report.json"
    command = f"train --spec minimal --data {data} --run {run} --set model.type=shared_bottom"
    assert main([*command.split(), "--set", "training.epochs=1"]) == 0
    capsys.readouterr()
    command = f"evaluate --run {run} --data {data} --json {report}"
    assert main(command.split()) == 0
    assert "a model of type shared_bottom has no blocks of tokens" in capsys.readouterr().out
    assert json.loads(report.read_text())["_collapse"] == []
    assert main(f"evaluate attention --run {run} --data {data} --out {tmp_path / 'a.png'}".split())
    assert "shared_bottom attend to no token" in capsys.readouterr().err


def test_evaluate_an_unfinished_run_says_so(
    capsys: pytest.CaptureFixture[str], run: Path, data: Path, tmp_path: Path
) -> None:
    unfinished = tmp_path / "run"
    unfinished.mkdir()
    (unfinished / "model.keras").write_bytes((run / "model.keras").read_bytes())
    state = json.loads((run / "state.json").read_text())
    (unfinished / "state.json").write_text(json.dumps({**state, "finished": None}))
    assert main(["evaluate", "--run", str(unfinished), "--data", str(data)]) == 0
    assert "not finished" in capsys.readouterr().err


def test_evaluate_refuses_data_of_another_spec(
    capsys: pytest.CaptureFixture[str], run: Path, logs: Path, tmp_path: Path
) -> None:
    days = "--valid-from 2024-01-02 --test-from 2024-01-03 --set fields.price.quantiles=5"
    command = f"data prepare --spec minimal --raw {logs} --out {tmp_path / 'data'} {days}"
    assert main(command.split()) == 0
    capsys.readouterr()
    assert main(["evaluate", "--run", str(run), "--data", str(tmp_path / "data")]) == 2
    assert "price" in capsys.readouterr().err


def test_a_damaged_model_is_named(
    capsys: pytest.CaptureFixture[str], data: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.keras").write_bytes(b"PK not really")
    assert main(["evaluate", "--run", str(tmp_path), "--data", str(data)]) == 2
    assert "model.keras cannot be loaded" in capsys.readouterr().err


def test_compare_a_run_with_itself(
    capsys: pytest.CaptureFixture[str], run: Path, data: Path, tmp_path: Path
) -> None:
    npz, comparison_file = tmp_path / "same.npz", tmp_path / "comparison.json"
    command = ["evaluate", "--run", str(run), "--data", str(data), "--split", "valid"]
    assert main([*command, "--predictions", str(npz)]) == 0
    files = [str(npz), str(npz), "--json", str(comparison_file)]
    assert main(["evaluate", "compare", *files]) == 0
    comparison = json.loads(comparison_file.read_text())
    assert comparison["click"]["auc_difference"] == 0
    assert "same" in capsys.readouterr().out


def test_attention_is_plotted(
    capsys: pytest.CaptureFixture[str], run: Path, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    image = tmp_path / "attention.png"
    command = f"evaluate attention --run {run} --data {data} --out {image} --sample 20"
    assert main(command.split()) == 0
    assert image.read_bytes().startswith(b"\x89PNG")
    sample = list(sample_inputs(PreparedData.open(data), "test", 20))
    assert [len(inputs["user"]) for inputs in sample] == [20]
    text = capsys.readouterr().out
    for block in measure_collapse(keras.models.load_model(run / "model.keras"), sample):
        assert f"{block.task_cosine:.4f}" in text
    total = PreparedData.open(data).count("test")
    assert f"attention of 20 of the {total:,} impressions of test" in text
    assert text.endswith(f"{image}\n")
    assert main([*command.split()[:-1], "-1"]) == 2
    assert "--sample -1" in capsys.readouterr().err
    nowhere = f"evaluate attention --run nowhere --data nowhere --out {tmp_path / 'a.txt'}"
    assert main(nowhere.split()) == 2
    assert "a.txt: an image's name ends in .png or .svg or .pdf" in capsys.readouterr().err


def test_importance_is_listed_and_drawn(
    capsys: pytest.CaptureFixture[str], run: Path, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    image, numbers = tmp_path / "importance.png", tmp_path / "importance.json"
    command = (
        f"evaluate importance --run {run} --data {data} --out {image} --json {numbers} "
        "--split train --sample 64 --rounds 2"
    )
    assert main(command.split()) == 0
    assert image.read_bytes().startswith(b"\x89PNG")
    found = json.loads(numbers.read_text(encoding="utf-8"))
    spec = PreparedData.open(data).spec
    assert {each["feature"] for each in found} == {*spec.fields, *spec.sequences}
    assert found[0]["drops"].keys() == {*spec.tasks, "mean"}
    text = capsys.readouterr().out
    assert all(each["feature"] in text for each in found)
    assert text.endswith(f"{image}\n")
    for wrong, said in (("--rounds 0", "--rounds 0"), (f"--out {tmp_path / 'a.txt'}", "a.txt")):
        assert main([*command.split(), *wrong.split()]) == 2
        assert said in capsys.readouterr().err


def test_attention_of_all_rows_is_that_of_the_split(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    run: Path,
    data: Path,
    tmp_path: Path,
) -> None:
    drawn: list[AttentionMap] = []
    monkeypatch.setattr(
        "infnet_keras.evaluation.plots.plot_attention",
        lambda attention, path: (drawn.append(attention), path.write_text("drawn")),
    )
    image = tmp_path / "attention.png"
    command = f"evaluate attention --run {run} --data {data} --out {image} --sample 0"
    assert main(command.split()) == 0
    prepared = PreparedData.open(data)
    text = capsys.readouterr().out
    total = prepared.count("test")
    assert f"attention of {total:,} of the {total:,} impressions of test" in text
    model = keras.models.load_model(run / "model.keras")
    inputs = [batch.inputs for batch in prepared.reader("test", total).batches()]
    expected = average_attention(model, inputs)
    (found,) = drawn
    assert (found.queries, found.positions) == (expected.queries, expected.positions)
    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-5)
    for block in measure_collapse(model, inputs):
        assert f"{block.task_cosine:.3f}" in text  # of the four digits printed


@pytest.mark.long
@pytest.mark.backend("tensorflow")
def test_export_and_predict(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    run: Path,
    tmp_path: Path,
) -> None:
    assert main(["export", "--run", str(run), "--out", str(tmp_path / "model")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "model" / "1")
    raw = json.loads((run / "raw_examples.json").read_text())
    request = json.dumps({"inputs": {name: values[:3] for name, values in raw.items()}})
    monkeypatch.setattr("sys.stdin", io.StringIO(request))
    assert main(["predict", "--model", str(tmp_path / "model"), "--json", "-"]) == 0
    outputs = json.loads(capsys.readouterr().out)["outputs"]
    assert np.shape(outputs["click"]) == (3,)
    (tmp_path / "request.json").write_text(request)
    version = str(tmp_path / "model" / "1")
    assert main(["predict", "--model", version, "--json", str(tmp_path / "request.json")]) == 0
    assert json.loads(capsys.readouterr().out)["outputs"] == outputs
