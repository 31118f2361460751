"""What a number is worth as a number, against its buckets, where the truth is linear in it.

A log is generated in which the logit of a click is linear in `amount`, besides each user's own
rate. Every arm reads it in another way; each seed trains each arm on the same training part, for as
many epochs. Differences of the test part's AUC and log loss are paired: the same users are drawn
for both arms, 1,000 times, and an arm's metric is the mean over the seeds.

    KERAS_BACKEND=torch OMP_NUM_THREADS=1 python benchmarks/numeric_fields.py --out out

Prints a table; `OUT/numeric.json` holds all figures.
"""

import argparse
import json
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ARMS: dict[str, dict[str, Any]] = {
    "quantiles: 10": {"quantiles": 10},
    "quantiles: 50": {"quantiles": 50},
    "numeric, linear": {"numeric": {}},
    "numeric, periodic": {"numeric": {"embedding": "periodic"}},
}
BUCKETS = "quantiles: 10"
SLOPE, RESAMPLES = 1.5, 1000


def write_log(path: Path, users: int, events: int) -> None:
    """Amounts of mean 40 and deviation 12; a click's logit is SLOPE deviations, and the user's."""
    random = np.random.default_rng(0)
    user = random.integers(0, users, events)
    item = random.integers(0, 100, events)
    amount = random.normal(40.0, 12.0, events)
    logit = SLOPE * (amount - 40.0) / 12.0 + random.normal(0.0, 0.5, users)[user]
    clicked = random.random(events) < 1 / (1 + np.exp(-logit))
    lines = ["user,item,amount,clicked"]
    rows = zip(user.tolist(), item.tolist(), amount.tolist(), clicked.tolist(), strict=True)
    lines += [f"{u},{i},{a:.4f},{c:d}" for u, i, a, c in rows]
    path.write_text("\n".join(lines) + "\n")


def content(arm: dict[str, Any]) -> dict[str, Any]:
    """A spec whose field `amount` is of this arm."""
    return {
        "name": "amounts",
        "sources": {
            "log": {
                "files": "log.csv",
                "time": {"row_order": "log"},
                "types": {"amount": "float32"},
            }
        },
        "keys": {"user": "user", "item": "item"},
        "fields": {
            "user": {"side": "user", "vocabulary": {}},
            "item": {"side": "item", "vocabulary": {}},
            "amount": {"side": "item", **arm},
        },
        "tasks": {"click": {"label": "clicked"}},
        "model": {"type": "shared_bottom", "dim": 8, "bottom_hidden": [16], "tower_hidden": [8]},
        "training": {"batch_size": 128, "learning_rate": 0.005, "epochs": 3, "patience": 10},
    }


def predicted(data: Any, seed: int, directory: Path) -> Any:
    """Train on prepared data; the predictions of its test part."""
    from infnet_keras.evaluation import predict_split
    from infnet_keras.spec import override_spec
    from infnet_keras.training import train
    from infnet_keras.training.load_run_model import load_run_model

    train(override_spec(data.spec, {"training.seed": seed}), data, directory)
    return predict_split(load_run_model(directory), data, "test", 4096)


def resampled(runs: list[Any]) -> dict[str, np.ndarray]:
    """AUC and log loss, means over the runs: [of all users, then of every resample]."""
    from infnet_keras.evaluation.bootstrap import ResampledTask, user_multiplicities

    _, codes = np.unique(runs[0].users, return_inverse=True)
    users = int(codes.max()) + 1
    draws = [np.ones(users), *user_multiplicities(users, RESAMPLES, 0)]
    found: dict[str, list[list[float]]] = {"auc": [], "log loss": []}
    for run in runs:
        labels, probabilities = run.labels["click"], run.probabilities["click"]
        task = ResampledTask(labels, probabilities, codes)
        found["auc"].append([task.auc(draw) for draw in draws])
        losses = -np.log(np.where(labels == 1, probabilities, 1 - probabilities))
        of_users = np.bincount(codes, losses, users)
        counts = np.bincount(codes, minlength=users)
        found["log loss"].append([float(d @ of_users / (d @ counts)) for d in draws])
    return {metric: np.mean(values, axis=0) for metric, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, type=Path, help="where numeric.json goes")
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()

    import keras

    from infnet_keras.data import PreparedData, prepare
    from infnet_keras.evaluation.bootstrap import interval
    from infnet_keras.spec import spec_from_dict

    began = time.monotonic()
    metrics: dict[str, dict[str, np.ndarray]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        (directory / "raw").mkdir()
        write_log(directory / "raw" / "log.csv", arguments.users, arguments.events)
        for number, (name, arm) in enumerate(ARMS.items()):
            prepared = directory / f"data_{number}"
            prepare(spec_from_dict(content(arm)), directory / "raw", prepared, 0.5, 0.6)
            data = PreparedData.open(prepared)
            runs = [
                predicted(data, seed, directory / f"run_{number}_{seed}")
                for seed in arguments.seeds
            ]
            metrics[name] = resampled(runs)
    report: dict[str, Any] = {
        "backend": keras.backend.backend(),
        "keras": version("keras"),
        "seconds": round(time.monotonic() - began),
        "arms": {
            name: {m: float(v[0]) for m, v in found.items()} for name, found in metrics.items()
        },
        "differences": {
            name: {
                metric: [
                    float(found[metric][0] - metrics[BUCKETS][metric][0]),
                    *(interval((found[metric] - metrics[BUCKETS][metric])[1:].tolist()) or []),
                ]
                for metric in found
            }
            for name, found in metrics.items()
            if name != BUCKETS
        },
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "numeric.json").write_text(json.dumps(report, indent=1) + "\n")
    print("| amount | AUC | log loss | AUC less that of 10 buckets | log loss less theirs |")
    print("|---|---|---|---|---|")
    for name, values in report["arms"].items():
        shown = [
            "-" if name == BUCKETS else "{:+.4f} [{:+.4f}, {:+.4f}]".format(*three)
            for three in report["differences"].get(name, {"auc": (), "log loss": ()}).values()
        ]
        print(f"| {name} | {values['auc']:.4f} | {values['log loss']:.4f} | {' | '.join(shown)} |")
    print(f"{report['seconds']} s")


if __name__ == "__main__":
    main()
