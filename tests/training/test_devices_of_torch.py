"""A run of two processes is the run of one, and either continues the other."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_log import SPEC

from infnet_keras.cli import main
from infnet_keras.data import PreparedData
from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.devices.share import Share
from infnet_keras.errors import ModelError
from infnet_keras.files.run_lock import run_lock
from infnet_keras.spec import FeatureSpec, dump_spec, override_spec, spec_from_dict
from infnet_keras.training import TrainingResult, train

pytestmark = pytest.mark.backend("torch")

# The last of eight batches has half of the rows: the second process has none of them. Processes
# draw their dropout for themselves, so there is none.
EXACT = {
    "training.batch_size": 64,
    "training.evaluations_per_epoch": 2,
    "training.id_dropout": 0.0,
    "model.dropout": 0.0,
}
ROW_WISE = {
    "training.tables": {"optimizer": "adagrad_rowwise"},
    "training.l2": 0.01,
    "training.clip_norm": 1.0,
    "training.epochs": 9,
    "training.patience": 2,
}
DENSE = {"model.type": "shared_bottom", "training.redraw_tables": True}


def spec_of(changes: dict[str, Any]) -> FeatureSpec:
    base = {**SPEC, "model": {"blocks": 2, "categorical_proxies": 2, "tower_hidden": [8]}}
    if "model.type" in changes:
        base["model"] = {"tower_hidden": [8]}
    return override_spec(spec_from_dict(base), {**EXACT, **changes})


class StopAfterFirst(keras.callbacks.Callback):
    """Ends a run as its second epoch begins."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            raise KeyboardInterrupt


def assert_same_run(run: Path, expected_run: Path, expected: TrainingResult) -> None:
    """Evaluations, end and best model, up to rounding."""
    lines = (run / "history.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    assert [line["step"] for line in found] == [e.step for e in expected.evaluations]
    for line, evaluation in zip(found, expected.evaluations, strict=True):
        assert line["loss"] == pytest.approx(evaluation.loss, abs=1e-4)
        assert line["auc"] == pytest.approx(evaluation.auc, abs=5e-3)
        assert line["task_cosine"] == pytest.approx(evaluation.task_cosine, abs=1e-3)
    states = [json.loads((p / "state.json").read_text()) for p in (run, expected_run)]
    assert states[0]["finished"] == states[1]["finished"]
    models = [keras.models.load_model(p / "model.keras") for p in (run, expected_run)]
    pairs = [*zip(*(model.weights for model in models), strict=True)]
    pairs += zip(*(model.optimizer.variables for model in models), strict=True)
    for one, two in pairs:
        if not one.path.endswith("_place"):  # which says nothing between two steps
            values, wanted = map(keras.ops.convert_to_numpy, (one, two))
            np.testing.assert_allclose(values, wanted, rtol=1e-2, atol=1e-3, err_msg=one.path)


@pytest.mark.long
def test_two_processes_continue_what_one_began(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command; early stopping ends both runs."""
    spec = spec_of(ROW_WISE)
    expected = train(spec, data, tmp_path / "one")
    assert expected.stopped_early
    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        train(spec, data, run, callbacks=[StopAfterFirst()])
    file = tmp_path / "spec.yaml"
    file.write_text(dump_spec(spec))
    command = f"train --spec {file} --data {data} --run {run} --devices 2 --backend torch"
    assert main(command.split()) == 0
    assert_same_run(run, tmp_path / "one", expected)
    printed = capsys.readouterr()
    assert "stopped early" in printed.out
    assert f"epoch {expected.evaluations[-1].epoch}  step" in printed.err
    sessions = json.loads((run / "environment.json").read_text())["sessions"]
    assert [session["devices"] for session in sessions] == [1, 2]
    assert all(session["backend"] == "torch" for session in sessions)
    assert not list(run.glob("checkpoints"))


def test_one_process_continues_where_two_were_killed(data: Path, tmp_path: Path) -> None:
    """What ends the command ends its processes, and nothing keeps the run directory."""
    spec = spec_of(DENSE)
    expected = train(spec, data, tmp_path / "one")
    file, run = tmp_path / "spec.yaml", tmp_path / "run"
    file.write_text(dump_spec(spec))
    command = f"-m infnet_keras.cli train --spec {file} --data {data} --run {run} --devices 2"
    line = [sys.executable, *command.split()]
    with (tmp_path / "errors").open("w+") as errors:
        killed = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=errors)
        history = run / "history.jsonl"
        while not history.exists() or len(history.read_text().splitlines()) < 3:
            assert killed.poll() is None, (tmp_path / "errors").read_text()
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    for _ in range(1000):
        try:
            with run_lock(run):
                break
        except ModelError:
            time.sleep(0.1)
    state = json.loads((run / "state.json").read_text())
    assert state["epoch"] >= 1
    assert state["finished"] is None
    train(spec, data, run)
    assert_same_run(run, tmp_path / "one", expected)


def test_callbacks_are_refused_where_processes_would_not_see_them(
    data: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="know no callbacks of this one"):
        train(spec_of(DENSE), data, tmp_path / "run", callbacks=[StopAfterFirst()], devices=2)
    assert not (tmp_path / "run").exists()


def test_shares_are_the_batch(data: Path) -> None:
    """All of it once, in order; a share that has no row of the last one is padding."""
    prepared = PreparedData.open(data)

    def batches(size: int, share: Share) -> ImpressionDataset:
        return ImpressionDataset(
            prepared, "train", size, shuffle=True, seed=3, fill_last_batch=True, share=share
        )

    whole = batches(64, Share())
    shares = [batches(64, Share(rank, 4)) for rank in range(4)]
    assert [len(share) for share in shares] == [len(whole)] * 4
    for number in range(len(whole)):
        inputs, labels = whole[number]
        parts = [share[number] for share in shares]
        for name, ids in inputs.items():
            np.testing.assert_array_equal(np.concatenate([p[0][name] for p in parts]), ids)
        for task, values in labels.items():
            np.testing.assert_array_equal(np.concatenate([p[1][task] for p in parts]), values)
    assert all(np.isnan(values).all() for values in shares[3][len(whole) - 1][1].values())
