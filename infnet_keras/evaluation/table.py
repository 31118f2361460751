"""Reports and comparisons for the terminal."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

if TYPE_CHECKING:
    from infnet_keras.evaluation.collapse import BlockCollapse

_ROWS = {
    "AUC": ("auc", "auc_ci95"),
    "XAUC": ("xauc", "xauc_ci95"),
    "gAUC": ("gauc", "gauc_ci95"),
    "gXAUC": ("gxauc", "gxauc_ci95"),
    "impression gAUC": ("gauc_impression", None),
    "impression gXAUC": ("gxauc_impression", None),
    "MAE": ("mae", "mae_ci95"),
    "RMSE": ("rmse", "rmse_ci95"),
    "log loss": ("logloss", None),
    "calibration": ("calibration", None),
    "ECE": ("ece", None),
    "impressions": ("impressions", None),
    "positives": ("positives", None),
    "mean label": ("mean_label", None),
    "users": ("users", None),
    "one-class users": ("users_left_out", None),
}

_COMPARED = {"auc": "AUC", "xauc": "XAUC", "gauc": "gAUC", "gxauc": "gXAUC"}


def report_table(report: Mapping[str, Mapping[str, Any]], title: str | None = None) -> Table:
    """The report of `evaluate_predictions`, a column per task; 95% intervals under their value.

    Args:
        report: of `evaluate_predictions`.
        title: above the table.
    """
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1))
    table.add_column("")
    for task in report:
        table.add_column(task, justify="right", overflow="fold")  # a number is never cut
    for heading, (key, interval) in _ROWS.items():
        if not any(key in values for values in report.values()):
            continue  # of the other kind of task
        cells = [_number(v[key]) if key in v else "" for v in report.values()]
        table.add_row(heading, *cells)
        if interval is not None and any(v.get(interval) for v in report.values()):
            table.add_row("", *(_range(v.get(interval), _fraction, "-") for v in report.values()))
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
    for heading in (first, second, "difference", "95% interval"):
        table.add_column(heading, justify="right")
    for task, values in comparison.items():
        for metric, heading in _COMPARED.items():
            if metric not in values:
                continue
            difference = _signed(values[f"{metric}_difference"])
            table.add_row(
                task,
                heading,
                *map(_number, values[metric]),
                difference,
                _range(values[f"{metric}_difference_ci95"], _signed, " .. "),
            )
    return table


def collapse_table(blocks: Sequence["BlockCollapse"], title: str | None = None) -> Table:
    """What `measure_collapse` found, a row per block; a dash where there is nothing to compare.

    Args:
        blocks: of `measure_collapse`.
        title: above the table.
    """
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1))
    for heading in (
        "block",
        "cosine of tasks",
        "uncentred",
        "cosine of proxies",
        "uncentred",
        "attention apart: fields",
        "steps",
    ):
        table.add_column(heading, justify="right")
    for found in blocks:
        values = (
            found.task_cosine,
            found.task_cosine_uncentred,
            found.proxy_cosine,
            found.proxy_cosine_uncentred,
            found.categorical_attention_distance,
            found.sequence_attention_distance,
        )
        table.add_row(str(found.block), *map(_number, values))
    return table


def _number(value: float | None) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else _spelt(value)


def _spelt(value: float) -> str:
    """Four digits after the point; one of what is beyond 100, none of milliseconds and the like."""
    if abs(value) < 100:
        return f"{value:.4f}"
    return f"{value:,.1f}" if abs(value) < 10_000 else f"{value:,.0f}"


def _fraction(value: float) -> str:
    """Four digits after the point and none before it: five columns fit a terminal."""
    return _spelt(value).removeprefix("0")


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.4f}"


def _range(interval: list[float] | None, spell: Callable[[float], str], between: str) -> str:
    return "" if interval is None else between.join(map(spell, interval))
