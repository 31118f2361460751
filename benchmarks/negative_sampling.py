"""What `sample: {negatives: SHARE}` does to calibration and AUC, against training on all rows.

The same raw log is prepared twice, and every seed trains on both, by the spec; the test part is the
same. Calibration is the mean probability over the mean label. A run that is done is not done again.

    infnet data generate --spec qb_video --out raw --users 2000 --events 120000 --seed 0
    KERAS_BACKEND=torch python benchmarks/negative_sampling.py --raw raw --out out

Prints a table, task by task; `OUT/sampling.json` holds all figures.
"""

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from infnet_keras.cli.spec_arguments import resolved_spec
from infnet_keras.metrics import auc

SIDES = ("all", "sample")


def data_of(side: str, arguments: argparse.Namespace) -> Path:
    """The prepared log of a side."""
    from infnet_keras.data import prepare

    path: Path = arguments.out / side
    if not (path / "manifest.json").exists():
        changes = [] if side == "all" else [f"sample.negatives={arguments.negatives}"]
        spec = resolved_spec(arguments.spec, [*arguments.set, *changes])
        prepare(spec, arguments.raw, path, valid_from=0.8, test_from=0.9)
    return path


def measured(path: Path, seed: int) -> dict[str, Any]:
    """Train on prepared data, and measure every task on its test part."""
    from infnet_keras.data import PreparedData
    from infnet_keras.evaluation import predict_split
    from infnet_keras.spec import override_spec
    from infnet_keras.training import train
    from infnet_keras.training.load_run_model import load_run_model

    kept = path.parent / f"{path.name}_{seed}.json"
    if kept.exists():
        return dict(json.loads(kept.read_text()))
    data = PreparedData.open(path)
    began = time.process_time()
    run = path.parent / "runs" / f"{path.name}_{seed}"
    train(override_spec(data.spec, {"training.seed": seed}), data, run, restart=True)
    seconds = time.process_time() - began
    predicted = predict_split(load_run_model(run), data, "test", 4096)
    found: dict[str, Any] = {"train": data.count("train"), "cpu_seconds": round(seconds, 1)}
    for task in predicted.tasks:
        labels, probabilities = predicted.labels[task], predicted.probabilities[task]
        known = ~np.isnan(labels)
        found[task] = {
            "calibration": float(probabilities[known].mean() / labels[known].mean()),
            "auc": float(auc(labels[known], probabilities[known])),
        }
    kept.write_text(json.dumps(found))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raw", required=True, type=Path, help="the raw log")
    parser.add_argument("--out", required=True, type=Path, help="where everything goes")
    parser.add_argument("--spec", default="qb_video")
    parser.add_argument("--negatives", type=float, default=0.1, help="the share that is kept")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--side", choices=SIDES, help="one side alone, beside the other")
    arguments = parser.parse_args()
    sides = (arguments.side,) if arguments.side else SIDES
    found = {
        side: [measured(data_of(side, arguments), seed) for seed in arguments.seeds]
        for side in sides
    }
    if arguments.side:
        return
    import keras

    report = {"backend": keras.backend.backend(), "keras": version("keras"), **found}
    (arguments.out / "sampling.json").write_text(json.dumps(report, indent=1) + "\n")
    print({side: runs[0]["train"] for side, runs in found.items()}, "training impressions")
    print("| task | calibration, all rows | calibration, sample | ratio | AUC, all | AUC, sample |")
    print("|---|---|---|---|---|---|")
    tasks = [name for name, value in found["all"][0].items() if isinstance(value, dict)]
    for task in tasks:
        calibration = {s: [run[task]["calibration"] for run in found[s]] for s in SIDES}
        areas = {s: np.mean([run[task]["auc"] for run in found[s]]) for s in SIDES}
        ratio = np.mean(calibration["sample"]) / np.mean(calibration["all"])
        shown = [" ".join(f"{one:.3f}" for one in calibration[side]) for side in SIDES]
        print(f"| {task} | {' | '.join(shown)} | {ratio:.3f} | ", end="")
        print(f"{areas['all']:.4f} | {areas['sample']:.4f} |")


if __name__ == "__main__":
    main()
