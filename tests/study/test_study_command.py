"""`infnet study` as it is used: killed, continued, read."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from infnet_keras.cli import main
from infnet_keras.data import PreparedData
from infnet_keras.evaluation import Predictions, evaluate_predictions, predict_split
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.training import train
from infnet_keras.training.load_run_model import load_run_model

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def command(study_file: Path, data: Path, out: Path) -> list[str]:
    places = ["--data", str(data), "--out", str(out)]
    return ["study", str(study_file), *places, "--processes", "1"]


def finished(out: Path) -> dict[str, int]:
    """Runs that are scored, and when."""
    return {p.parent.name: p.stat().st_mtime_ns for p in out.glob("runs/*/result.json")}


@pytest.mark.backend("torch")
def test_a_killed_study_continues_and_repeats_nothing(
    capsys: pytest.CaptureFixture[str], study_file: Path, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    out = tmp_path / "out"
    _tune(study_file)
    line = [sys.executable, "-m", "infnet_keras.cli", *command(study_file, data, out)]
    killed = subprocess.Popen(line, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 200
    while len(finished(out)) < 1:
        assert time.monotonic() < until
        assert killed.poll() is None
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    before = finished(out)
    assert 1 <= len(before) < 4
    log = (out / "logs" / "worker_1.log").read_text()

    assert main(command(study_file, data, out)) == 0
    after = finished(out)
    assert len(after) == 4
    assert {run: after[run] for run in before} == before
    added = (out / "logs" / "worker_1.log").read_text().removeprefix(log)
    began = [text.split()[1].rstrip(",") for text in added.splitlines() if text.startswith("run ")]
    assert sorted(began) == sorted(after.keys() - before.keys())
    _was_chosen_by_validation(out)
    assert capsys.readouterr().out.strip() == str(out / "report.html")

    logged = (out / "logs" / "worker_1.log").read_text()
    assert main(command(study_file, data, out)) == 0
    assert (out / "logs" / "worker_1.log").read_text() == logged  # no process was needed
    assert finished(out) == after
    _is_what_train_and_evaluate_give(out, study_file.parent / "tiny.yaml", data, tmp_path)
    assert main([*command(study_file, data, out), "--dry-run"]) == 0
    assert "0 trials and 0 runs to do, 4 runs done" in capsys.readouterr().out
    assert main([*command(study_file, data, out), "--trials", "3"]) == 2
    assert "searching again would choose after the test was seen" in capsys.readouterr().err


def _tune(study_file: Path) -> None:
    study = yaml.safe_load(study_file.read_text())
    study["tuning"] = {
        "trials": 2,
        "search": {"training.learning_rate": {"low": 0.001, "high": 0.1}},
    }
    study["models"]["infnet"] = {"tuned": False, "looks_before": 5}
    study_file.write_text(yaml.safe_dump(study))


def _was_chosen_by_validation(out: Path) -> None:
    """Of two trials the better one is trained on, from where it is, and the other is not scored."""
    settings = {r["row"]: r for r in _lines(out / "tables" / "settings.csv")}
    assert (settings["infnet"]["looks"], settings["shared_bottom"]["looks"]) == ("5", "2")
    trials = {}
    for path in out.glob("runs/*/validation.json"):
        spec = json.loads((path.parent / "configuration.json").read_text())["spec"]
        if (spec["model"]["type"], spec["training"]["seed"]) == ("shared_bottom", 0):
            trials[path.parent] = json.loads(path.read_text())["mean_auc"]
    best, worst = sorted(trials, key=trials.__getitem__, reverse=True)
    assert float(settings["shared_bottom"]["validation_auc"]) == trials[best]
    assert (best / "result.json").exists()
    assert [path.name for path in worst.glob("*")].count("result.json") == 0
    assert not (worst / "training").exists()
    log = (out / "logs" / "worker_1.log").read_text()
    trained_until = log[: log.rindex(f"run {best.name}")]
    assert f"run {best.name}" in trained_until  # as a trial
    assert "epoch" not in log[log.rindex(f"run {best.name}") :].split("\nrun ")[0]


def _is_what_train_and_evaluate_give(out: Path, spec: Path, data: Path, tmp_path: Path) -> None:
    """The last run of a process that made others before is the run of a process of its own."""
    (seeds,) = [
        r
        for r in _lines(out / "tables" / "seeds.csv")
        if r["task"] == "like"
        and r["row"] == "shared_bottom"
        and r["seed"] == "1"
        and r["metric"] == "auc"
    ]
    configuration = json.loads((out / "runs" / seeds["run"] / "configuration.json").read_text())
    values = {"model.type": "shared_bottom", "model.bottom_hidden": [8], "training.seed": 1}
    values["training.learning_rate"] = configuration["spec"]["training"]["learning_rate"]
    train(override_spec(load_spec(spec), values), data, tmp_path / "alone")
    prepared = PreparedData.open(data)
    expected = predict_split(load_run_model(tmp_path / "alone"), prepared, "test")
    found = Predictions.load(out / "runs" / seeds["run"] / "test.npz")
    for task in expected.tasks:
        assert found.probabilities[task] == pytest.approx(expected.probabilities[task], abs=1e-5)
    report = evaluate_predictions(expected, bootstrap=0)
    assert float(seeds["value"]) == pytest.approx(report["like"]["auc"], abs=1e-6)
    page = (out / "report.html").read_text()
    for needed in ("Differences to infnet", "shared_bottom", "<svg", "parameters outside tables"):
        assert needed in page
    assert not re.findall(r'(?:src|href)="(?!#|data:)', page)  # it needs nothing else
    timing = json.loads((out / "timing.json").read_text())["answer"]
    assert len(timing) == 2
    for times in timing.values():
        assert times["batch"]["median"] > 0
        assert times["request"]["low"] <= times["request"]["median"] <= times["request"]["high"]


def _lines(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))
