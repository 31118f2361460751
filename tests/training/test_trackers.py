"""`--track` with the trackers themselves where they are installed, in files, without a server."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.cli import main, tracker
from infnet_keras.spec import FeatureSpec, dump_spec, override_spec
from infnet_keras.training import Evaluation
from infnet_keras.training.tracking.tracker import Tracker, closing

pytestmark = pytest.mark.backend("torch")


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


class Ledger(Tracker):
    """A tracker of its own: what it is sent, and how it ends."""

    package = "ledger"

    def __init__(self, spec: FeatureSpec, run: Path) -> None:
        super().__init__(spec, run)
        self.sent: list[tuple[int, dict[str, float]]] = []
        self.began: tuple[dict[str, Any], str | None] | None = None
        self.failed: bool | None = None

    def begin(self, values: dict[str, Any], run: str | None) -> str:
        self.began = values, run
        return run or "first"

    def send(self, step: int, scalars: dict[str, float]) -> None:
        self.sent.append((step, scalars))

    def end(self, failed: bool) -> None:
        self.failed = failed


def test_no_step_is_sent_twice(spec: FeatureSpec, tmp_path: Path) -> None:
    """Evaluations that a killed run makes again were sent; another tracker begins anew."""
    seen = [Evaluation(1, step, 1.5, 0.6, {"click": 0.6}, {"click": None}) for step in (4, 8, 12)]
    killed = Ledger(spec, tmp_path)

    def train_until_killed() -> None:
        with closing(killed):
            killed.evaluated(seen[0])
            killed.evaluated(seen[1])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_until_killed()
    assert killed.sent == [(s, {"loss": 1.5, "auc/mean": 0.6, "auc/click": 0.6}) for s in (4, 8)]
    assert killed.began is not None
    assert killed.began[0]["training.batch_size"] == spec.training.batch_size
    assert (killed.began[1], killed.failed) == (None, True)
    continued = Ledger(spec, tmp_path)
    with closing(continued):
        continued.evaluated(seen[1])  # after its last checkpoint
        continued.evaluated(seen[2])
    assert [step for step, _ in continued.sent] == [12]
    assert continued.began is not None
    assert (continued.began[1], continued.failed) == ("first", False)
    other = Ledger(spec, tmp_path)
    other.package = "other"
    other.evaluated(seen[0])
    assert other.began is not None
    assert other.began[1] is None
    idle = Ledger(spec, tmp_path / "none")
    with closing(idle):
        pass
    assert idle.failed is None  # nothing began


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
