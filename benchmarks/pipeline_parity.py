"""Test AUC of the main job and of the pipeline on KuaiRand-Pure, with the same settings.

Both run on this machine's CPU under TensorFlow. The main job is `infnet data prepare`, `train` and
`evaluate`; the pipeline is `python -m tfx_pipeline.run_local`, whose exported SavedModel answers
for the raw test examples.

python benchmarks/pipeline_parity.py --data $KUAIRAND_PURE_DIR --directory parity \
    --set model.dim=32 --set training.epochs=1
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from infnet_keras.metrics import auc
from infnet_keras.spec import FeatureSpec, load_spec

ENVIRONMENT = {
    **os.environ,
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
HISTORY = "history_before_0425.parquet"
LIMITS = {"click": 0.005, "long_view": 0.005, "like": 0.02}
BATCH = 1024


def run(*arguments: str | Path) -> None:
    """Run a Python module in a process of its own; its lines go to standard error."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", *map(str, arguments)], check=True, env=ENVIRONMENT, stdout=sys.stderr
    )
    print(f"{arguments[0]}: {time.perf_counter() - start:.0f} s", file=sys.stderr)


def main_job(
    options: argparse.Namespace, spec: FeatureSpec, settings: list[str], seed: int
) -> dict[str, float]:
    """Test AUC of each task, by `infnet`."""
    directory: Path = options.directory
    data, model = directory / "prepared", directory / f"run-{seed}"
    report = directory / f"report-{seed}.json"
    if not (data / "manifest.json").exists():
        assert spec.splits is not None
        split = ["--valid-from", spec.splits.valid_from, "--test-from", spec.splits.test_from]
        prepare = ["data", "prepare", "--raw", options.data, "--out", data]
        run("infnet_keras.cli", *prepare, *split, *common(options))
    train = ["train", "--data", data, "--run", model, "--seed", str(seed)]
    run("infnet_keras.cli", *train, "--spec", options.spec, *settings)
    run("infnet_keras.cli", "evaluate", "--run", model, "--data", data, "--json", report)
    tasks = json.loads(report.read_text("utf-8"))
    return {task: tasks[task]["auc"] for task in spec.tasks}


def pipeline(
    options: argparse.Namespace, spec: FeatureSpec, settings: list[str], seed: int
) -> dict[str, float]:
    """Test AUC of each task, by the SavedModel that the pipeline exports."""
    root: Path = options.directory / "pipeline"
    chosen = ["--set", f"training.seed={seed}", *settings]
    run("tfx_pipeline.run_local", "--data", options.data, "--root", root, "--allow-unblessed",
        *common(options), *chosen)  # fmt: skip
    model = latest(root / "artifacts" / "Trainer" / "model") / "Format-Serving"
    examples = latest(root / "artifacts" / "ExampleGen" / "examples") / "Split-test"
    return saved_model_auc(model, examples, list(spec.tasks))


def common(options: argparse.Namespace) -> list[str]:
    """What both are told about the data."""
    history = Path(options.data, HISTORY)
    return ["--spec", options.spec, *(["--history", str(history)] if history.exists() else [])]


def latest(directory: Path) -> Path:
    """The artifact of the latest execution."""
    return max(directory.iterdir(), key=lambda path: int(path.name))


def saved_model_auc(model: Path, examples: Path, tasks: list[str]) -> dict[str, float]:
    """AUC of each task over raw examples, by the signature `serving_default`."""
    import tensorflow as tf

    answer = tf.saved_model.load(str(model)).signatures["serving_default"]
    kept = {f"label__{task}": tf.io.FixedLenFeature([], tf.int64) for task in tasks}
    kept |= {f"weight__{task}": tf.io.FixedLenFeature([], tf.float32) for task in tasks}
    labels: dict[str, list[np.ndarray]] = {task: [] for task in tasks}
    scores: dict[str, list[np.ndarray]] = {task: [] for task in tasks}
    files = sorted(map(str, examples.glob("*.gz")))
    for records in tf.data.TFRecordDataset(files, "GZIP").batch(BATCH):
        truth = tf.io.parse_example(records, kept)
        found = answer(examples=records)
        for task in tasks:
            counts = truth[f"weight__{task}"].numpy() > 0
            labels[task].append(np.where(counts, truth[f"label__{task}"].numpy(), np.nan))
            scores[task].append(found[task].numpy())
    return {
        task: auc(np.concatenate(labels[task]).astype(np.float32), np.concatenate(scores[task]))
        for task in tasks
    }


def main() -> int:
    """Print the table; 1 where a difference exceeds its limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, help="directory of KuaiRand-Pure")
    parser.add_argument("--directory", required=True, type=Path, help="where everything goes")
    parser.add_argument("--spec", default="kuairand_pure")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    spec = load_spec(options.spec)
    settings = [part for setting in options.settings for part in ("--set", setting)]
    found = [
        (main_job(options, spec, settings, seed), pipeline(options, spec, settings, seed))
        for seed in options.seeds
    ]
    shown = " ".join(options.settings) or "as shipped"
    table = Table(title=f"{options.spec}, test AUC, {shown}", show_footer=False)
    for heading in ("task", "seed", "main job", "pipeline", "difference"):
        table.add_column(heading, justify="right")
    within = True
    for task in spec.tasks:
        pairs = np.array([[main[task], pipe[task]] for main, pipe in found])
        for seed, (one, other) in zip(options.seeds, pairs, strict=True):
            table.add_row(task, str(seed), f"{one:.4f}", f"{other:.4f}", f"{other - one:+.4f}")
        one, other = pairs.mean(axis=0)
        table.add_row(task, "mean", f"{one:.4f}", f"{other:.4f}", f"{other - one:+.4f}")
        within &= abs(other - one) <= LIMITS.get(task, np.inf)
    Console(width=100).print(table)
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
