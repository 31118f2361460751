"""Reports and comparisons for the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table


def report_table(report: Mapping[str, Mapping[str, Any]], title: str | None = None) -> Table:
    """The report of `evaluate_predictions`, a row per task.

    Args:
        report: of `evaluate_predictions`.
        title: above the table.
    """
    table = Table(title=title)
    table.add_column("task")
    for heading in (
        "AUC",
        "gAUC",
        "gAUC (impressions)",
        "log loss",
        "calibration",
        "ECE",
        "impressions",
        "positives",
        "users",
        "left out",
    ):
        table.add_column(heading, justify="right")
    for task, values in report.items():
        if task == "mean":
            continue
        table.add_row(
            task,
            _with_interval(_number(values["auc"]), values["auc_ci95"], _number),
            _with_interval(_number(values["gauc"]), values["gauc_ci95"], _number),
            *(_number(values[k]) for k in ("gauc_impression", "logloss", "calibration", "ece")),
            *(f"{values[k]:,}" for k in ("impressions", "positives", "users", "users_left_out")),
        )
    table.add_section()
    table.add_row("mean", _number(report["mean"]["auc"]), _number(report["mean"]["gauc"]))
    return table


def comparison_table(comparison: Mapping[str, Mapping[str, Any]], first: str, second: str) -> Table:
    """The comparison of `compare_predictions`, a row per task and metric.

    Args:
        comparison: of `compare_predictions`.
        first: name of the first model.
        second: name of the second model.
    """
    table = Table()
    table.add_column("task")
    table.add_column("metric")
    for heading in (first, second, "difference"):
        table.add_column(heading, justify="right")
    for task, values in comparison.items():
        for metric, heading in (("auc", "AUC"), ("gauc", "gAUC")):
            difference = _signed(values[f"{metric}_difference"])
            table.add_row(
                task,
                heading,
                *map(_number, values[metric]),
                _with_interval(difference, values[f"{metric}_difference_ci95"], _signed),
            )
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"


def _with_interval(text: str, interval: list[float] | None, spell: Any) -> str:
    return text if interval is None else f"{text} [{spell(interval[0])}, {spell(interval[1])}]"
