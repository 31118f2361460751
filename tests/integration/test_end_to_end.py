"""The whole path from the command line: generated logs to a prediction from a fresh process."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_once import made_once

SMALL = [
    "model.dim=8",
    "model.blocks=2",
    "training.epochs=1",
    "training.batch_size=128",
]


def infnet(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as a user does."""
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
    """A run on generated QB-Video logs, trained and exported."""
    return made_once(tmp_path_factory, "end_to_end", run_every_step)


def run_every_step(workspace: Path) -> None:
    overrides = [part for pair in SMALL for part in ("--set", pair)]
    steps = [
        "data generate --spec qb_video --out raw --users 60 --events 1500 --seed 1",
        "data prepare --spec qb_video --raw raw --out data --valid-from 0.8 --test-from 0.9",
        "train --spec qb_video --data data --run run",
        "evaluate --run run --data data --split test --json report.json",
        "export --run run --out models/qb_video",
    ]
    for step in steps:
        arguments = step.split() + (overrides if step.startswith("train") else [])
        done = infnet(*arguments, cwd=workspace)
        assert done.returncode == 0, f"infnet {step}\n{done.stdout}\n{done.stderr}"


def test_report_names_every_task_and_metric(workspace: Path) -> None:
    report = json.loads((workspace / "report.json").read_text())
    for task in ("click", "like", "follow", "share"):
        assert {"auc", "auc_ci95", "gauc", "logloss", "calibration", "ece"} <= set(report[task])
        assert report[task]["impressions"] > 0


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


@pytest.mark.backend("tensorflow")  # which exports for every backend
def test_a_second_export_gets_the_next_version(workspace: Path) -> None:
    done = infnet("export", "--run", "run", "--out", "models/qb_video", cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (workspace / "models" / "qb_video").iterdir()) == ["1", "2"]


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
