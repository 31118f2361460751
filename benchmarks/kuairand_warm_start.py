"""Trains KuaiRand day by day, from scratch and from yesterday's model; compares the next days.

Every day is trained on, validated by the next day and predicts the day after. From scratch means
all days so far; the warm start begins with the model of the day before and reads the new day alone.
Both train by the spec, warm days with what `--warm` changes of it. The first warm day begins with a
model from scratch, of the days before.
Processor time is that of `train` alone, from its call to its end, as other programs may run beside
it. What is done is not done again: the same command goes on.

    python benchmarks/kuairand_warm_start.py --raw DIR --out DIR --spec SPEC --first 2022-04-28 \
        --days 5 --seeds 0 1

Prints a line a day, then the mean difference warm - scratch of AUC over days, seeds and tasks, with
the 95% interval of a bootstrap over users; `OUT/NAME.json` holds all of it.
"""

import argparse
import csv
import gzip
import json
import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np

from infnet_keras.cli.spec_arguments import resolved_spec
from infnet_keras.evaluation import Predictions
from infnet_keras.evaluation.bootstrap import ResampledTask, interval, user_multiplicities

_LOG = "log_standard_4_22_to_5_08_pure.csv.gz"
_HISTORY = "history_before_0425.parquet"
_ZONE = ZoneInfo("Asia/Shanghai")
_RESAMPLES = 1000
_PREDICTED = 1024


def day_after(day: str, days: int) -> str:
    """A local day, some days later."""
    return str((datetime.fromisoformat(day) + timedelta(days=days)).date())


def cut_log(raw: Path, out: Path, end: str) -> None:
    """The raw files, without what happened on or after a local day."""
    if out.exists():
        return
    partial = out.with_name(f"partial.{out.name}")
    partial.mkdir(parents=True, exist_ok=True)
    instant = datetime.fromisoformat(end).replace(tzinfo=_ZONE).timestamp() * 1000
    with gzip.open(raw / _LOG, "rt") as log, gzip.open(partial / _LOG, "wt", 1) as cut:
        rows = csv.reader(log)
        header = next(rows)
        writer = csv.writer(cut)
        writer.writerow(header)
        at = header.index("time_ms")
        writer.writerows(row for row in rows if int(row[at]) < instant)
    for name in ("user_features_pure.csv", "video_features_basic_pure.csv"):
        if not (partial / name).exists():
            (partial / name).symlink_to((raw / name).resolve())
    partial.rename(out)


def prepare_day(arguments: argparse.Namespace, day: str, warm: bool) -> Path:
    """Data that train on a day (or on all days up to it) and are tested two days later."""
    from infnet_keras.data import prepare

    out: Path = arguments.out / "data" / f"{day}-{'warm' if warm else 'scratch'}"
    if not (out / "manifest.json").exists():
        raw = arguments.out / "raw" / day
        cut_log(arguments.raw, raw, day_after(day, 3))
        prepare(
            resolved_spec(arguments.spec, []),
            raw,
            out,
            valid_from=day_after(day, 1),
            test_from=day_after(day, 2),
            history=arguments.raw / _HISTORY,
            train_from=day if warm else None,
        )
    return out


def run(arguments: argparse.Namespace, day: str, seed: int, warm_start: Path | None) -> Path:
    """A trained and predicted run."""
    from infnet_keras.data import PreparedData
    from infnet_keras.evaluation import predict_split
    from infnet_keras.training import train
    from infnet_keras.training.load_run_model import load_run_model

    side = "scratch" if warm_start is None else arguments.name
    path: Path = arguments.out / "runs" / f"{side}-{seed}" / day
    if (path / "seconds.json").exists():
        return path
    changes = [] if warm_start is None else arguments.warm
    spec = resolved_spec(arguments.spec, [f"training.seed={seed}", *changes])
    data = PreparedData.open(prepare_day(arguments, day, warm_start is not None))
    processor, wall = time.process_time(), time.time()
    train(spec, data, path, restart=True, warm_start=warm_start)  # whole, that it may be timed
    seconds = {
        "processor_seconds": round(time.process_time() - processor, 1),
        "wall_seconds": round(time.time() - wall, 1),
        "impressions": data.count("train"),
    }
    predict_split(load_run_model(path), data, "test", _PREDICTED).save(path / "test.npz")
    (path / "seconds.json").write_text(json.dumps(seconds))
    print(path, json.dumps(seconds), flush=True)
    return path


def compare(pairs: list[tuple[Predictions, Predictions]]) -> dict[str, Any]:
    """Mean AUC of both sides over days, seeds and tasks, and the paired interval over users."""
    users = np.unique(np.concatenate([first.users for first, _ in pairs]))
    tasks = []
    for first, second in pairs:
        assert np.array_equal(first.users, second.users)
        codes = np.searchsorted(users, first.users)
        for task in first.tasks:
            assert np.array_equal(first.labels[task], second.labels[task], equal_nan=True)
            tasks.append(
                [
                    ResampledTask(p.labels[task], p.probabilities[task], codes)
                    for p in (first, second)
                ]
            )

    def means(multiplicity: Any) -> Any:
        return np.mean([[side.auc(multiplicity) for side in pair] for pair in tasks], axis=0)

    whole = means(np.ones(len(users)))
    differences = []
    for multiplicity in user_multiplicities(len(users), _RESAMPLES, 0):
        scratch, warm = means(multiplicity)
        differences.append(float(warm - scratch))
    return {
        "scratch": round(float(whole[0]), 5),
        "warm": round(float(whole[1]), 5),
        "difference": round(float(whole[1] - whole[0]), 5),
        "interval": [round(end, 5) for end in interval(differences) or []],
    }


def benchmark(arguments: argparse.Namespace) -> None:
    """Every day of every seed, then the comparison."""
    days = [day_after(arguments.first, number) for number in range(arguments.days)]
    sides: dict[tuple[str, str, int], Path] = {}
    for seed in arguments.seeds:
        if arguments.side != "scratch":
            yesterday = run(arguments, day_after(arguments.first, -1), seed, None)
            for day in days:
                yesterday = sides["warm", day, seed] = run(arguments, day, seed, yesterday)
        if arguments.side != "warm":
            for day in [arguments.only] if arguments.only else days:
                sides["scratch", day, seed] = run(arguments, day, seed, None)
    if arguments.side == "both":
        write_report(arguments, days, sides)


def write_report(
    arguments: argparse.Namespace, days: list[str], sides: dict[tuple[str, str, int], Path]
) -> None:
    """Compare day by day and in the mean."""
    report: dict[str, Any] = {"command": sys.argv[1:], "days": {}}
    loaded = {key: Predictions.load(path / "test.npz") for key, path in sides.items()}
    seconds = {k: json.loads((path / "seconds.json").read_text()) for k, path in sides.items()}

    def summary(chosen: list[str]) -> dict[str, Any]:
        keys = [(day, seed) for day in chosen for seed in arguments.seeds]
        found = compare([(loaded["scratch", *key], loaded["warm", *key]) for key in keys])
        for side in ("scratch", "warm"):
            for unit in ("processor_seconds", "wall_seconds"):
                total = sum(seconds[(side, *key)][unit] for key in keys)
                found[f"{side}_{unit}"] = round(total, 1)
        return found

    for day in days:
        report["days"][day_after(day, 2)] = summary([day])
        print(day_after(day, 2), json.dumps(report["days"][day_after(day, 2)]), flush=True)
    report["mean"] = summary(days[arguments.chosen_on :])
    print("mean", json.dumps(report["mean"]))
    (arguments.out / f"{arguments.name}.json").write_text(json.dumps(report, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raw", type=Path, help="directory of KuaiRand-Pure's part")
    parser.add_argument("--out", type=Path, help="where everything goes")
    parser.add_argument("--spec", default="kuairand_pure", help="the spec of both")
    parser.add_argument("--first", help="first day that both train on")
    parser.add_argument("--days", type=int, default=5, help="how many days")
    parser.add_argument(
        "--chosen-on",
        type=int,
        default=0,
        metavar="N",
        help="the options were chosen on the first N days: the mean leaves them out",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument(
        "--warm", action="append", default=[], metavar="KEY=VALUE", help="of the spec, on warm days"
    )
    parser.add_argument("--name", default="warm", help="of the warm runs, to try several")
    parser.add_argument(
        "--side",
        default="both",
        choices=("both", "scratch", "warm"),
        help="run one side alone, beside the other; then both, which compares",
    )
    parser.add_argument("--only", metavar="DAY", help="of --side scratch, one day")
    benchmark(parser.parse_args())


if __name__ == "__main__":
    main()
