"""The times as a figure."""

from collections.abc import Sequence
from typing import Any

from infnet_keras.benchmark.measured import Measured
from infnet_keras.benchmark.report.speed_tables import SIZE_NAMES
from infnet_keras.benchmark.scaling import SIZES
from infnet_keras.evaluation.plots import new_figure

_OURS, _OTHERS = "#1f5fa8", "#a0a0a0"
_WIDTH, _BAR, _PANEL = 8.0, 0.22, 2.6  # inches


def speed_figure(groups: Sequence[Sequence[Measured]]) -> Any:
    """Bars with quartiles where contenders stand beside one another, lines over a size.

    Args:
        groups: what `SpeedRun.at` and `SpeedRun.over` gave.

    Returns:
        A matplotlib figure, forward on the left and training on the right.

    Raises:
        InfnetError: matplotlib is not installed.
    """
    heights = [_PANEL if group[0].factor else 0.8 + _BAR * len(group) / 2 for group in groups]
    figure = new_figure(_WIDTH, sum(heights))
    panels = figure.subplots(len(groups), 2, squeeze=False, height_ratios=heights)
    for group, pair in zip(groups, panels, strict=True):
        for what, axes in zip(("forward", "training"), pair, strict=True):
            shown = [measured for measured in group if measured.what == what]
            (_lines if shown[0].factor else _bars)(axes, shown)
            size = shown[0].setting
            axes.set_title(f"{size.shape}, width {size.width}: {what}", fontsize=9)
            axes.tick_params(labelsize=7)
    return figure


def _bars(axes: Any, shown: Sequence[Measured]) -> None:
    labels = [f"{m.entry.name} ({m.entry.part})" for m in shown]
    spreads = [m.spread for m in shown]
    axes.barh(
        labels,
        [spread.median for spread in spreads],
        xerr=[[s.median - s.low for s in spreads], [s.high - s.median for s in spreads]],
        color=[_OURS if m.entry.name == "infnet" else _OTHERS for m in shown],
    )
    axes.invert_yaxis()
    axes.set_xlabel("ms", fontsize=8)


def _lines(axes: Any, shown: Sequence[Measured]) -> None:
    factor = shown[0].factor
    for name in dict.fromkeys(m.entry.name for m in shown):
        of_name = [m for m in shown if m.entry.name == name]
        axes.plot(
            [SIZES[factor](m.setting) for m in of_name],
            [m.spread.median for m in of_name],
            marker="o",
            markersize=3,
            label=name,
            **({"color": _OURS} if name == "infnet" else {}),
        )
    axes.set(xscale="log", yscale="log")
    axes.set_xlabel(SIZE_NAMES[factor], fontsize=8)
    axes.set_ylabel("ms", fontsize=8)
    axes.legend(fontsize=7)
