"""`infnet tune` as it is used: its best spec trained, killed, continued."""

import csv
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infnet_keras.cli import main
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.training.run_directory import RunDirectory


def command(spec_file: Path, data: Path, out: Path) -> list[str]:
    places = ["--spec", str(spec_file), "--data", str(data), "--out", str(out)]
    return ["tune", *places, "--backend", "torch"]


def table(out: Path) -> list[dict[str, str]]:
    with (out / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def log(out: Path) -> str:
    """What the process printed that trains the trials."""
    path = out / "logs" / "worker_1.log"
    return path.read_text() if path.exists() else ""


def finished(out: Path) -> dict[str, int]:
    """Trials that came to their ends, and when."""
    return {p.parent.name: p.stat().st_mtime_ns for p in out.glob("runs/*/validation.json")}


@pytest.mark.backend("torch")
def test_the_best_spec_trains_to_its_figure(
    capsys: pytest.CaptureFixture[str], spec_file: Path, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    out = tmp_path / "out"
    assert main([*command(spec_file, data, out), "--trials", "2"]) == 0
    said, train = capsys.readouterr().out.splitlines()
    trials = table(out)
    assert [(trial["trial"], trial["ended"], trial["evaluations"]) for trial in trials] == [
        ("1", "complete", "2"),
        ("2", "complete", "2"),
    ]
    assert trials[0]["training.learning_rate"] != trials[1]["training.learning_rate"]
    best = max(trials, key=lambda trial: float(trial["mean_auc"]))
    figure = f"best mean validation AUC {float(best['mean_auc']):.4f} in "
    assert said.startswith(f"{out / 'best_spec.yaml'}: {figure}trial {best['trial']} of 2")
    values = {
        "training.learning_rate": float(best["training.learning_rate"]),
        "model.categorical_proxies": int(best["model.categorical_proxies"]),
        "tuning": None,
    }
    assert load_spec(out / "best_spec.yaml") == override_spec(load_spec(spec_file), values)
    (kept,) = out.glob("runs/*/training")  # the model that lost is gone
    kept_state = RunDirectory(kept).read()

    assert train.startswith(f"infnet train --spec {out / 'best_spec.yaml'} --data {data} ")
    assert main(shlex.split(train)[1:]) == 0
    assert figure in capsys.readouterr().out
    state = RunDirectory(out / "best_run").read()
    assert state is not None
    assert kept_state is not None
    assert state.best is not None
    assert state.best.mean_auc == pytest.approx(float(best["mean_auc"]), abs=1e-9)
    assert [e.mean_auc for e in state.evaluations] == [e.mean_auc for e in kept_state.evaluations]

    printed = log(out)
    assert main([*command(spec_file, data, out), "--trials", "2"]) == 0
    assert log(out) == printed  # no process was needed
    assert table(out) == trials


@pytest.mark.long
@pytest.mark.backend("torch")
def test_a_killed_search_continues_repeats_nothing_and_ends_as_if_it_had_not_been(
    capsys: pytest.CaptureFixture[str], spec_file: Path, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    out, whole = tmp_path / "out", tmp_path / "whole"
    two = ["--set", "training.epochs=2", "--set", "training.evaluations_per_epoch=1"]
    line = [sys.executable, "-m", "infnet_keras.cli", *command(spec_file, data, out), *two]
    killed = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 200
    while "epoch 1  step" not in log(out).rpartition("\nrun ")[2] or not finished(out):
        assert time.monotonic() < until
        assert killed.poll() is None
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    before = finished(out)
    time.sleep(1.0)  # its process ends by itself
    earlier = log(out)
    assert 1 <= len(before) < 3
    assert not (out / "best_spec.yaml").exists()

    assert main([*command(spec_file, data, out), *two]) == 0
    after = finished(out)
    assert {run: after[run] for run in before} == before
    added = log(out).removeprefix(earlier)
    began = [text.split()[1].rstrip(",") for text in added.splitlines() if text.startswith("run ")]
    assert not set(began) & set(before)
    assert len(began) == len(set(began)) <= 2
    assert "trial 3 of 3: " in capsys.readouterr().err

    assert main([*command(spec_file, data, whole), *two]) == 0
    assert table(out) == table(whole)
    assert (out / "best_spec.yaml").read_text() == (whole / "best_spec.yaml").read_text()
