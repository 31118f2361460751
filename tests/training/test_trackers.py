"""`--track` with the trackers themselves where they are installed, in files, without a server."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.cli import main, tracker
from infnet_keras.spec import FeatureSpec, dump_spec, override_spec

pytestmark = [pytest.mark.backend("torch"), pytest.mark.usefixtures("uncompiled")]


@pytest.fixture
def spec_file(spec: FeatureSpec, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(dump_spec(override_spec(spec, {"training.evaluations_per_epoch": 2})))
    return path


def train(spec_file: Path, data: Path, *more: str) -> int:
    run = spec_file.parent / "run"
    return main(["train", "--spec", str(spec_file), "--data", str(data), "--run", str(run), *more])


def history(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]


def test_what_is_not_installed_is_named(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    spec_file: Path,
    data: Path,
) -> None:
    monkeypatch.setattr(tracker, "find_spec", lambda name: None)
    assert train(spec_file, data, "--track", "wandb") == 2
    assert "pip install 'infnet-keras[wandb]'" in capsys.readouterr().err
    assert not (spec_file.parent / "run").exists()


@pytest.mark.skipif(find_spec("mlflow") is None, reason="mlflow-skinny is not installed")
def test_mlflow(spec_file: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", (spec_file.parent / "mlruns").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.chdir(spec_file.parent)
    assert train(spec_file, data, "--track", "mlflow") == 0
    assert train(spec_file, data, "--track", "mlflow") == 0  # finished: nothing is sent again
    client, run = MlflowClient(), spec_file.parent / "run"
    experiment = client.get_experiment_by_name("tiny")
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.status == "FINISHED"
    assert found.data.params["training.batch_size"] == "60"
    sent = client.get_metric_history(found.info.run_id, "auc/mean")
    assert [(each.step, each.value) for each in sorted(sent, key=lambda each: each.step)] == [
        (line["step"], line["mean_auc"]) for line in history(run)
    ]


@pytest.mark.skipif(find_spec("mlflow") is None, reason="mlflow-skinny is not installed")
def test_a_run_that_continues_is_the_same_run(
    spec_file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    from infnet_keras.training.tracking.mlflow_tracker import MLflowTracker

    monkeypatch.setenv("MLFLOW_TRACKING_URI", (spec_file.parent / "mlruns").as_uri())
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.chdir(spec_file.parent)
    sent = MLflowTracker.send

    def cut_off(self: MLflowTracker, step: int, scalars: dict[str, float]) -> None:
        sent(self, step, scalars)
        if step > 8:
            raise KeyboardInterrupt  # in the middle of the second epoch

    monkeypatch.setattr(MLflowTracker, "send", cut_off)
    assert train(spec_file, data, "--track", "mlflow") == 130
    client = MlflowClient()
    experiment = client.get_experiment_by_name("tiny").experiment_id
    assert client.search_runs([experiment])[0].info.status == "FAILED"
    monkeypatch.setattr(MLflowTracker, "send", sent)
    assert train(spec_file, data, "--track", "mlflow") == 0
    (found,) = client.search_runs([experiment])
    assert found.info.status == "FINISHED"
    steps = {each.step for each in client.get_metric_history(found.info.run_id, "loss")}
    assert steps == {line["step"] for line in history(spec_file.parent / "run")}


@pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not installed")
def test_wandb(spec_file: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert train(spec_file, data, "--track", "wandb") == 0
    run = spec_file.parent / "run"
    kept = json.loads((run / "tracked.json").read_text())
    assert kept["step"] == history(run)[-1]["step"]
    (written,) = run.rglob(f"run-{kept['run']}.wandb")
    content = written.read_bytes()
    assert b"auc/mean" in content
    assert b"training.batch_size" in content
