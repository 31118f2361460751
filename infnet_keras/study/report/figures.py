"""The figures of a report, as SVG that a page holds."""

from collections.abc import Mapping, Sequence
from io import StringIO
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.evaluation.plots import new_figure
from infnet_keras.study.report.table import short
from infnet_keras.study.results import Results
from infnet_keras.study.rows import Variant

_WIDTH = 4.2  # inches: a phone shows it whole, a screen several beside one another
_LINE = "#1f5fa8"
_OTHERS = "#7a7a7a"


def sweep_figure(results: Results, title: str, curve: Sequence[Variant]) -> str | None:
    """Test AUC of every task over the values of one setting, with deviations over seeds.

    None where no point is finished. The place of the row's own value is not marked: it is one of
    the points if the study says so.

    Reference:
        arXiv 2508.11565, figure 4.
    """
    points = [(v.label, results.variant_runs(v)) for v in curve]
    known = [(label, runs) for label, runs in points if runs is not None]
    if not known:
        return None
    figure = new_figure(_WIDTH, 0.5 + 1.15 * len(results.tasks))
    panels = figure.subplots(len(results.tasks), 1, sharex=True, squeeze=False)[:, 0]
    at = range(len(known))
    for axes, task in zip(panels, results.tasks, strict=True):
        scores = [results.score(runs, task, results.ranking(task)) for _, runs in known]
        means = [np.nan if s.mean is None else s.mean for s in scores]
        errors = [s.deviation or 0.0 for s in scores]
        axes.errorbar(at, means, yerr=errors, color=_LINE, marker="o", markersize=4, capsize=3)
        axes.set_ylabel(task, fontsize=9)
        axes.tick_params(labelsize=8)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.margins(x=0.08, y=0.25)
    panels[-1].set_xticks(list(at), [label for label, _ in known])
    panels[-1].set_xlabel(title, fontsize=9)
    figure.suptitle("test AUC", fontsize=9)
    return _svg(figure)


def field_attention_figure(attention: Mapping[str, Any]) -> str:
    """Mean attention of every query over the fields, one row a field.

    Args:
        attention: of `attention_of_run`.

    Reference:
        arXiv 2508.11565, figure 5.
    """
    weights, positions = _weights(attention)
    fields = [i for i, (_, step) in enumerate(positions) if step is None]
    names = [positions[i][0] for i in fields]
    height = 1.3 + 0.17 * len(fields)
    figure = new_figure(_WIDTH, height)
    axes = figure.subplots()
    image = axes.imshow(weights[:, fields].T, aspect="auto", cmap="viridis", vmin=0.0)
    axes.set_yticks(range(len(fields)), names, fontsize=7)
    queries = attention["queries"]
    axes.set_xticks(range(len(queries)), queries, rotation=45, ha="left", fontsize=8)
    axes.xaxis.tick_top()
    bar = figure.colorbar(image, ax=axes, location="bottom", pad=0.15 / height, aspect=40)
    bar.ax.tick_params(labelsize=7)
    bar.set_label("mean attention over the fields", fontsize=8)
    return _svg(figure)


def step_attention_figures(attention: Mapping[str, Any]) -> dict[str, str]:
    """Mean attention of each query over the steps, one row a sequence, the latest on the right.

    Args:
        attention: of `attention_of_run`.

    Returns:
        query -> SVG; all of one colour scale. Empty where the model reads no sequence.
    """
    weights, positions = _weights(attention)
    steps = [(i, name, step) for i, (name, step) in enumerate(positions) if step is not None]
    if not steps:
        return {}
    names = list(dict.fromkeys(name for _, name, _ in steps))
    longest = max(-step for _, _, step in steps)
    top = float(weights[:, [i for i, _, _ in steps]].max())
    found = {}
    for place, query in enumerate(attention["queries"]):
        grid = np.full((len(names), longest), np.nan)
        for i, name, step in steps:
            grid[names.index(name), longest + step] = weights[place, i]
        figure = new_figure(_WIDTH, 1.2 + 0.17 * len(names))
        axes = figure.subplots()
        image = axes.imshow(grid, aspect="auto", cmap="viridis", vmin=0.0, vmax=top)
        axes.set_facecolor("#f2f2f2")  # steps that a sequence does not have
        axes.set_yticks(range(len(names)), names, fontsize=7)
        ticks = sorted({0, longest // 2, longest - 1})
        axes.set_xticks(ticks, [str(tick - longest) for tick in ticks], fontsize=7)
        axes.set_xlabel("step (-1: the latest)", fontsize=8)
        axes.set_title(query, fontsize=9)
        figure.colorbar(image, ax=axes, pad=0.01).ax.tick_params(labelsize=6)
        found[query] = _svg(figure)
    return found


def time_figure(results: Results, timing: Mapping[str, Any], what: str) -> str | None:
    """Milliseconds of a batch or a request against the parameters outside tables.

    None where no row has both. Names stand at the right, tied to their points, as points may lie
    close to one another.

    Args:
        results: of the study.
        timing: of `time_runs`.
        what: "batch" or "request".

    Reference:
        arXiv 2508.11565, figure 6.
    """
    points = []
    for row in results.rows:
        outside = results.fit(row, "parameters_outside_tables").mean
        time = timing.get(results.runs(row)[0].configuration.identity, {}).get(what)
        if outside is not None and time is not None:
            points.append((row, outside, time["median"]))
    if not points:
        return None
    figure = new_figure(_WIDTH, max(3.0, 0.9 + 0.2 * len(points)))
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes = figure.subplots()
    axes.set(xscale="log", yscale="log")
    for row, outside, milliseconds in points:
        colour = _LINE if row == results.reference else _OTHERS
        axes.plot(outside, milliseconds, marker="o", markersize=5, color=colour)
    axes.set_xlabel("parameters outside tables", fontsize=9)
    axes.set_ylabel(f"ms a {what}", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.margins(0.1)
    for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        wide = limits[1] > 30 * limits[0]
        axis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
        axis.set_minor_formatter(NullFormatter())
    low, high = (float(np.log10(limit)) for limit in axes.get_ylim())
    ordered = sorted(points, key=lambda point: point[2])
    wanted = [(float(np.log10(point[2])) - low) / (high - low) for point in ordered]
    for (row, outside, milliseconds), place in zip(ordered, apart(wanted, 0.07), strict=True):
        axes.annotate(
            row,
            (outside, milliseconds),
            xytext=(1.04, place),
            textcoords="axes fraction",
            fontsize=7,
            va="center",
            annotation_clip=False,
            color=_LINE if row == results.reference else "black",
            arrowprops={"arrowstyle": "-", "color": "#bbbbbb", "linewidth": 0.5, "shrinkB": 2},
        )
    return _svg(figure)


def apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Places at least a gap apart, in order, as near to those wanted as that allows.

    Args:
        wanted: ascending, 0 to 1.
        gap: between two places; less where there is no room for so much.

    Example:
        >>> [round(place, 2) for place in apart([0.2, 0.5, 0.5, 0.52], gap=0.1)]
        [0.2, 0.41, 0.51, 0.61]
    """
    gap = min(gap, 1.0 / max(len(wanted) - 1, 1))
    # Without the gaps it is a regression to an ascending sequence: neighbours that would pass one
    # another stand at their mean.
    groups: list[list[float]] = []
    for number, place in enumerate(wanted):
        groups.append([place - number * gap])
        while len(groups) > 1 and fmean(groups[-2]) > fmean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    level = [fmean(group) for group in groups for _ in group]
    most = 1.0 - (len(wanted) - 1) * gap
    return [min(max(value, 0.0), most) + number * gap for number, value in enumerate(level)]


def _weights(
    attention: Mapping[str, Any],
) -> tuple[npt.NDArray[np.float64], list[tuple[str, int | None]]]:
    positions = [(str(source), step) for source, step in attention["positions"]]
    return np.asarray(attention["weights"], np.float64), positions


def _svg(figure: Any) -> str:
    """The figure as an <svg> element, the same text for the same figure."""
    text = StringIO()
    from matplotlib import rc_context

    with rc_context({"svg.hashsalt": "infnet"}):
        figure.savefig(
            text, format="svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"])
        )
    svg = text.getvalue()
    return svg[svg.index("<svg") :].strip()
