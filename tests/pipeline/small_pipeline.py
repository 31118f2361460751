"""A small log and a cheap model, for tests that run the pipeline as users do."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from infnet_keras.data import generate
from infnet_keras.spec import FeatureSpec, load_spec, override_spec

CHEAP: dict[str, Any] = {
    # Each attribute of a behaviour is work in Transform's graph, in the model and in its export.
    "sequences": {"like": None, "follow": None, "share": None},
    "sequences.click.length": 5,
    "sequences.click.attributes.video_category": None,
    "model.dim": 8,
    "model.blocks": 2,
    "training.batch_size": 128,
    "training.epochs": 2,
    "training.learning_rate": 0.02,
    "training.evaluations_per_epoch": 1,
    # A rare task of 60 users may have no positive in the test part. On clicks an untrained model
    # has an AUC of .39 to .53, INFNet, MMoE and DIN of two seeds .64 to .69.
    "evaluation.gates": {"click": {"auc": {"at_least": 0.55}}},
}
SPEC = override_spec(load_spec("qb_video"), CHEAP)


def spec_of(model: str) -> FeatureSpec:
    """The same with another model, each as its options' defaults say."""
    return override_spec(SPEC, {"model": {"type": model, "dim": 8}})


def small_log(directory: Path, spec: FeatureSpec = SPEC) -> Path:
    """Raw logs of 60 users."""
    generate(spec, directory, users=60, events=3000, seed=0)
    return directory


def environment() -> dict[str, str]:
    """What the image of the steps sets, too."""
    found = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found


def run_local_command(spec: Path, data: Path, root: Path, *others: str) -> list[str]:
    """The command that runs the pipeline."""
    given = {"--spec": spec, "--data": data, "--root": root}
    options = [str(part) for option in given.items() for part in option]
    return [sys.executable, "-m", "tfx_pipeline.run_local", *options, *others]


def run_local(spec: Path, data: Path, root: Path, *others: str) -> subprocess.CompletedProcess[str]:
    """Run the pipeline to its end."""
    return subprocess.run(
        run_local_command(spec, data, root, *others),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
