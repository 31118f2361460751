"""The results as CSV: every number, for whoever computes on."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from infnet_keras.files.write_csv import write_csv
from infnet_keras.study.differences import Difference
from infnet_keras.study.results import Results
from infnet_keras.study.rows import Variant


def write_tables(
    results: Results, found: Sequence[Difference], timing: Any, directory: Path
) -> None:
    """Write metrics, seeds, differences, costs, settings, ablations and sweeps.

    Args:
        results: of the study.
        found: of `differences`; empty without a reference.
        timing: of `time_runs`; None where inference was not timed.
        directory: where the files go.
    """
    tasks = [*results.tasks, "mean"]
    metrics, seeds = [], []
    for row in results.rows:
        runs = results.runs(row)
        for task in tasks:
            for metric in results.metrics(task):
                score = results.score(runs, task, metric)
                metrics.append([row, task, metric, score.mean, score.deviation, len(runs)])
                for run, value in zip(runs, score.values, strict=True):
                    seed = run.configuration.spec.training.seed
                    seeds.append([row, seed, task, metric, value, run.configuration.identity])
    heading = ["row", "task", "metric", "mean", "deviation", "seeds"]
    write_csv(directory / "metrics.csv", heading, metrics)
    heading = ["row", "seed", "task", "metric", "value", "run"]
    write_csv(directory / "seeds.csv", heading, seeds)
    heading = ["row", "task", "metric", "difference", "low", "high", "p", "p_holm"]
    write_csv(
        directory / "differences.csv",
        [*heading, "seeds_error", "verdict"],
        [
            [
                *d[:2],
                results.ranking(d.task, d.metric),
                d.value,
                *(d.interval or (None, None)),
                d.p,
                d.p_holm,
                d.seeds_error,
                d.verdict,
            ]
            for d in found
        ],
    )
    write_csv(directory / "costs.csv", *_costs(results, timing))
    write_csv(directory / "settings.csv", *_settings(results))
    heading = ["row", "title", "value", "task", "metric", "mean", "deviation", "seeds"]
    curves = {"without": results.study.rows.ablations(), **results.study.rows.sweeps()}
    points = [line for t, curve in curves.items() for line in _points(results, t, curve, tasks)]
    write_csv(directory / "variants.csv", heading, points)


def _costs(results: Results, timing: Any) -> tuple[list[str], list[list[Any]]]:
    parts = [(what, part) for what in ("batch", "request") for part in ("median", "low", "high")]
    heading = ["row", "parameters", "parameters_outside_tables", "training_seconds"]
    lines = []
    for row in results.rows:
        fits = ("parameters", "parameters_outside_tables", "seconds")
        line: list[Any] = [row, *(results.fit(row, key).mean for key in fits)]
        times = (timing or {}).get(results.runs(row)[0].configuration.identity, {})
        lines.append([*line, *(times.get(what, {}).get(part) for what, part in parts)])
    return [*heading, *(f"{what}_ms_{part}" for what, part in parts)], lines


def _settings(results: Results) -> tuple[list[str], list[list[Any]]]:
    heading = ["row", "trials", "stopped_early", "looks_before", "looks", "validation_auc"]
    lines = []
    for row in results.rows:
        found = results.study.settings(row)
        assert found is not None
        looks = [found.trials, found.pruned, found.looks_before, found.looks, found.mean_auc]
        values = "; ".join(f"{key}={value}" for key, value in found.values.items())
        lines.append([row, *looks, values])
    return [*heading, "values"], lines


def _points(
    results: Results, title: str, curve: Sequence[Variant], tasks: Sequence[str]
) -> Iterable[list[Any]]:
    for variant in curve:
        runs = results.variant_runs(variant)
        if runs is None:
            continue
        for task in tasks:
            for metric in (results.ranking(task, name) for name in ("auc", "gauc")):
                score = results.score(runs, task, metric)
                values = [task, metric, score.mean, score.deviation, len(runs)]
                yield [variant.row, title, variant.label, *values]
