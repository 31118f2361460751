"""The whole path of the commands: generated logs to a prediction from a fresh process."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from made_once import made_once

from infnet_keras.cli import main

SPEC = """
extends: qb_video
sequences: {click: {length: 5}, like: null, follow: null, share: null}
model: {dim: 8, blocks: 2}
training: {epochs: 1, batch_size: 128}
"""


def infnet(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "infnet_keras.cli", *arguments],
        cwd=cwd,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on generated QB-Video logs, trained and, under TensorFlow, exported."""
    return made_once(tmp_path_factory, "end_to_end", run_every_step)


def run_every_step(workspace: Path) -> None:
    """In this process: that each command is one, tests/guides shows."""
    (workspace / "spec.yaml").write_text(SPEC)
    steps = [
        "data generate --spec {0}/spec.yaml --out {0}/raw --users 60 --events 1500 --seed 1",
        "data prepare --spec {0}/spec.yaml --raw {0}/raw --out {0}/data"
        " --valid-from 0.8 --test-from 0.9",
        "train --spec {0}/spec.yaml --data {0}/data --run {0}/run",
        "evaluate --run {0}/run --data {0}/data --split test --json {0}/report.json",
    ]
    if keras.backend.backend() == "tensorflow":  # which exports for every backend
        steps.append("export --run {0}/run --out {0}/models/qb_video")
    for step in steps:
        assert main(step.format(workspace).split()) == 0, step


@pytest.mark.long("jax")
def test_report_names_every_task_and_metric(workspace: Path) -> None:
    report = json.loads((workspace / "report.json").read_text())
    for task in ("click", "like", "follow", "share"):
        assert {"auc", "auc_ci95", "gauc", "logloss", "calibration", "ece"} <= set(report[task])
        assert report[task]["impressions"] > 0


@pytest.mark.backend("tensorflow")
def test_the_exported_model_predicts_in_a_fresh_process(workspace: Path) -> None:
    raw = json.loads((workspace / "run" / "raw_examples.json").read_text())
    request = {"inputs": {name: values[:3] for name, values in raw.items()}}
    (workspace / "request.json").write_text(json.dumps(request))
    done = infnet("predict", "--model", "models/qb_video", "--json", "request.json", cwd=workspace)
    assert done.returncode == 0, done.stderr
    outputs = json.loads(done.stdout)["outputs"]
    for task in ("click", "like", "follow", "share"):
        assert len(outputs[task]) == 3
        assert all(0.0 < p < 1.0 and math.isfinite(p) for p in outputs[task])


def test_importing_the_package_loads_no_backend_but_keras_own() -> None:
    public = "from_spec INFNet train export_saved_model prepare ImpressionDataset predict_split"
    code = (
        "import sys, keras; before = set(sys.modules); import infnet_keras;"
        f"[getattr(infnet_keras, name) for name in {public.split()}];"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(loaded & {'tensorflow', 'jax', 'torch'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"
