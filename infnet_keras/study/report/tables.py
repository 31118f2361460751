"""The tables of a report."""

import json
from collections.abc import Sequence
from typing import Any

from infnet_keras.study.differences import Difference
from infnet_keras.study.report.table import Cell, Table, fraction, number, signed
from infnet_keras.study.results import METRICS, REGRESSION_METRICS, Results, Score
from infnet_keras.study.rows import Variant

_HEADINGS = {**METRICS, **REGRESSION_METRICS}
_HIGHER = ("auc", "gauc", "gauc_impression", "xauc", "gxauc", "gxauc_impression")
_MARKS = {"better": "▲ ", "worse": "▼ ", "same": ""}


def metric_tables(results: Results) -> list[Table]:
    """Table 1: one table a task, and one of the means."""
    return [_metrics(results, task) for task in [*results.tasks, "mean"]]


def difference_tables(results: Results, found: Sequence[Difference]) -> list[Table]:
    """One table a task: each row less the reference."""
    tables = []
    for task in [*results.tasks, "mean"]:
        rows = []
        for row in results.rows:
            if row == results.reference:
                continue
            cells = [Cell(row)]
            for metric in ("auc", "gauc"):
                (d,) = [d for d in found if (d.row, d.task, d.metric) == (row, task, metric)]
                between = "" if d.interval is None else " .. ".join(map(signed, d.interval))
                text = f"{_MARKS[d.verdict]}{signed(d.value)}"
                cells += [Cell(text, between, d.verdict != "same"), Cell(_p(d.p_holm))]
            rows.append(cells)
        whole, within = (_HEADINGS[results.ranking(task, name)] for name in ("auc", "gauc"))
        tables.append(Table(task, ["", whole, "p", within, "p"], rows))
    return tables


def ablation_table(results: Results) -> Table | None:
    """Table 3; None where the study has none, or it is not finished."""
    return _variants(results, results.study.rows.ablations(), "without", named=True)


def sweep_tables(results: Results) -> list[Table]:
    """The numbers of figure 4, one table a curve."""
    curves = results.study.rows.sweeps().items()
    tables = [_variants(results, curve, title, named=False) for title, curve in curves]
    return [table for table in tables if table is not None]


def cost_table(results: Results, timing: Any) -> Table:
    """Parameters, training and inference."""
    headings = ["", "parameters outside tables", "training, s", "batch, ms", "request, ms"]
    rows = []
    for row in results.rows:
        times = (timing or {}).get(results.runs(row)[0].configuration.identity, {})
        seconds = results.fit(row, "seconds")
        outside = results.fit(row, "parameters_outside_tables").mean
        rows.append(
            [
                Cell(row),
                Cell(number(outside)),
                Cell(number(seconds.mean), _deviation(seconds, number)),
                _time(times.get("batch")),
                _time(times.get("request")),
            ]
        )
    return Table("", headings, rows)


def looks_table(results: Results) -> Table:
    """How many settings each row was chosen from."""
    headings = ["", "trials", "stopped early", "looks before", "looks", "validation AUC"]
    rows = []
    for row in results.rows:
        found = results.study.settings(row)
        assert found is not None
        counts = (found.trials, found.pruned, found.looks_before, found.looks)
        auc = results.fit(row, "mean_auc")
        of_seeds = Cell(fraction(auc.mean), _deviation(auc))
        rows.append([Cell(row), *(Cell(str(count)) for count in counts), of_seeds])
    return Table("", headings, rows)


def settings_table(results: Results) -> Table:
    """What each row was set to, beside the study's values for all."""
    rows = []
    for row in results.rows:
        found = results.study.settings(row)
        assert found is not None
        given = {**results.study.study.file.models[row].set, **found.values}
        spelt = [f"{key}: {_value(value)}" for key, value in given.items()]
        rows.append([Cell(row), Cell(", ".join(spelt) or "the spec's own values")])
    return Table("", ["", "settings"], rows, words=True)


def _metrics(results: Results, task: str) -> Table:
    metrics = results.metrics(task)
    scores = {
        row: [results.score(results.runs(row), task, metric) for metric in metrics]
        for row in results.rows
    }
    best = [
        _best(metric, [found[n] for found in scores.values()]) for n, metric in enumerate(metrics)
    ]
    rows = [
        [
            Cell(row),
            *(_score(s, s.mean is not None and s.mean == best[n]) for n, s in enumerate(found)),
        ]
        for row, found in scores.items()
    ]
    return Table(task, ["", *metrics.values()], rows)


def _best(metric: str, scores: Sequence[Score]) -> float | None:
    known = [score.mean for score in scores if score.mean is not None]
    if not known:
        return None
    if metric == "calibration":
        return min(known, key=lambda value: abs(value - 1.0))
    return max(known) if metric in _HIGHER else min(known)


def _variants(results: Results, curve: Sequence[Variant], title: str, named: bool) -> Table | None:
    rows = []
    tasks = [*results.tasks, "mean"]
    for variant in curve:
        runs = results.variant_runs(variant)
        if runs is not None:
            name = variant.label.replace("_", " ") if named else variant.label
            scores = [results.score(runs, task, results.ranking(task)) for task in tasks]
            rows.append([Cell(name), *map(_score, scores)])
    return Table("" if named else title, [title if named else "", *tasks], rows) if rows else None


def _score(score: Score, strong: bool = False) -> Cell:
    return Cell(fraction(score.mean), _deviation(score), strong)


def _deviation(score: Score, spell: Any = fraction) -> str:
    return "" if score.deviation is None else f"± {spell(score.deviation)}"


def _time(found: Any) -> Cell:
    if found is None:
        return Cell("-")
    return Cell(number(found["median"]), f"{number(found['low'])} .. {number(found['high'])}")


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "<.001" if value < 0.001 else f"{value:.3f}".replace("0.", ".", 1)


def _value(value: Any) -> str:
    """As YAML spells it."""
    return f"{value:.3g}" if isinstance(value, float) else json.dumps(value).strip('"')
