"""What vectors of items are worth for items that training has rarely or never seen.

A log is generated in which the logit of a click is linear in the item's vector. Items come into the
log one after the other, so that the test part has items that training has seen rarely or never.
Each seed trains each arm on the same training part. Differences of AUC are paired: the same users
are drawn for both arms, 1,000 times, and an arm's AUC is the mean over the seeds.

    KERAS_BACKEND=torch OMP_NUM_THREADS=1 python benchmarks/table_vectors.py --out out

Prints a table; `OUT/vectors.json` holds all figures.
"""

import argparse
import json
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FILE = {"file": "items.parquet", "key": "item", "column": "vector", "width": 16}
ARMS: dict[str, dict[str, Any]] = {
    "id": {},
    "id + vector": {"vectors": FILE},
    "id + trained vector": {"vectors": {**FILE, "trained": True}},
    "vector": {"vectors": {**FILE, "only": True}},
}
ID = "id"
GROUPS = {"unseen": (0, 0), "1 to 5 times": (1, 5), "more often": (6, 1 << 30)}
RESAMPLES = 1000
ITEMS, USERS, EVENTS = 1500, 1000, 30_000


def write_log(directory: Path) -> None:
    """Each item is new at a moment of the log, and is drawn less and less often from there on."""
    random = np.random.default_rng(0)
    vectors = random.normal(size=(ITEMS, FILE["width"]))
    worth = vectors @ random.normal(size=FILE["width"]) / np.sqrt(FILE["width"])
    newest = np.linspace(ITEMS // 3, ITEMS, EVENTS)
    items = np.maximum(newest - random.exponential(ITEMS / 4, EVENTS), 0).astype(np.int64)
    users = random.integers(0, USERS, EVENTS)
    logit = 1.5 * worth[items] + random.normal(0, 0.5, USERS)[users]
    clicked = random.random(EVENTS) < 1 / (1 + np.exp(-logit))
    lines = ["user,item,clicked"]
    rows = zip(users.tolist(), items.tolist(), clicked.tolist(), strict=True)
    lines += [f"{user},{item},{click:d}" for user, item, click in rows]
    (directory / "log.csv").write_text("\n".join(lines) + "\n")
    table = pa.table({"item": np.arange(ITEMS), "vector": vectors.astype(np.float32).tolist()})
    pq.write_table(table, directory / "items.parquet")


def content(arm: dict[str, Any]) -> dict[str, Any]:
    """A spec whose table of items is of this arm."""
    return {
        "name": "vectors",
        "sources": {"log": {"files": "log.csv", "time": {"row_order": "log"}}},
        "keys": {"user": "user", "item": "item"},
        "fields": {
            "user": {"side": "user", "vocabulary": {}},
            "item": {"side": "item", "vocabulary": {}, **arm},
        },
        "tasks": {"click": {"label": "clicked"}},
        "model": {"type": "shared_bottom", "dim": 8, "bottom_hidden": [16], "tower_hidden": [8]},
        "training": {
            "batch_size": 128,
            "learning_rate": 0.003,
            "epochs": 4,
            "patience": 10,
            "id_dropout": 0.1,
        },
    }


def predicted(data: Any, seed: int, directory: Path) -> Any:
    """Train on prepared data; the predictions of its test part."""
    from infnet_keras.evaluation import predict_split
    from infnet_keras.spec import override_spec
    from infnet_keras.training import train
    from infnet_keras.training.load_run_model import load_run_model

    train(override_spec(data.spec, {"training.seed": seed}), data, directory)
    return predict_split(load_run_model(directory), data, "test", 4096)


def seen_before(data: Any) -> np.ndarray:
    """How often each impression of the test part has its item in training: int [rows]."""
    train, test = (
        np.concatenate([batch.inputs["item"] for batch in data.reader(split, 4096).batches()])
        for split in ("train", "test")
    )
    # An item that the vocabulary does not know is in no training impression.
    counts = np.bincount(train, minlength=int(test.max()) + 1)
    return np.where(test == 1, 0, counts[test])


def resampled(runs: list[Any], rows: np.ndarray) -> np.ndarray:
    """AUC of some rows, the mean over the runs: [of all users, then of every resample]."""
    from infnet_keras.evaluation.bootstrap import ResampledTask, user_multiplicities

    _, codes = np.unique(runs[0].users, return_inverse=True)
    users = int(codes.max()) + 1
    draws = [np.ones(users), *user_multiplicities(users, RESAMPLES, 0)]
    found = []
    for run in runs:
        labels, probabilities = run.labels["click"][rows], run.probabilities["click"][rows]
        task = ResampledTask(labels, probabilities, codes[rows])
        found.append([task.auc(draw) for draw in draws])
    return np.mean(found, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, type=Path, help="where vectors.json goes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()

    import keras

    from infnet_keras.data import PreparedData, prepare
    from infnet_keras.evaluation.bootstrap import interval
    from infnet_keras.spec import spec_from_dict

    began = time.monotonic()
    aucs: dict[str, dict[str, np.ndarray]] = {}
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        (directory / "raw").mkdir()
        write_log(directory / "raw")
        groups: dict[str, np.ndarray] = {}
        for number, (name, arm) in enumerate(ARMS.items()):
            prepared = directory / f"data_{number}"
            prepare(spec_from_dict(content(arm)), directory / "raw", prepared, 0.5, 0.6)
            data = PreparedData.open(prepared)
            if not groups:
                seen = seen_before(data)
                groups = {g: (seen >= low) & (seen <= high) for g, (low, high) in GROUPS.items()}
                sizes = {group: int(rows.sum()) for group, rows in groups.items()}
            runs = [
                predicted(data, seed, directory / f"run_{number}_{seed}")
                for seed in arguments.seeds
            ]
            aucs[name] = {group: resampled(runs, rows) for group, rows in groups.items()}
    report: dict[str, Any] = {
        "backend": keras.backend.backend(),
        "keras": version("keras"),
        "seconds": round(time.monotonic() - began),
        "impressions": sizes,
        "auc": {name: {g: float(v[0]) for g, v in found.items()} for name, found in aucs.items()},
        "difference": {
            name: {
                group: [
                    float(values[0] - aucs[ID][group][0]),
                    *(interval((values - aucs[ID][group])[1:].tolist()) or []),
                ]
                for group, values in found.items()
            }
            for name, found in aucs.items()
            if name != ID
        },
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "vectors.json").write_text(json.dumps(report, indent=1) + "\n")
    print(
        "| items seen in training | impressions | id | "
        + " | ".join(name for name in ARMS if name != ID)
        + " |"
    )
    print("|---|---|---|" + "---|" * (len(ARMS) - 1))
    for group, size in sizes.items():
        shown = [
            "{:.4f}: {:+.4f} [{:+.4f}, {:+.4f}]".format(
                report["auc"][name][group], *report["difference"][name][group]
            )
            for name in ARMS
            if name != ID
        ]
        print(f"| {group} | {size:,} | {report['auc'][ID][group]:.4f} | {' | '.join(shown)} |")
    print(f"{report['seconds']} s")


if __name__ == "__main__":
    main()
