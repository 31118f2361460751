"""Feature importance as an image."""

from collections.abc import Collection, Sequence
from pathlib import Path

from infnet_keras.evaluation.importance.feature_importance import FeatureImportance
from infnet_keras.evaluation.plots import new_figure

MOST = 40


def plot_importance(
    found: Sequence[FeatureImportance], path: str | Path, regressions: Collection[str] = ()
) -> None:
    """Bars of what the AUC loses without each input, a panel for each task and for their mean.

    The order is that of the mean; the first 40 inputs are drawn, a line is the 95% interval.

    Args:
        found: of `feature_importance`.
        path: the image; the suffix gives the format (.png, .svg, .pdf).
        regressions: tasks whose label is a number, so that what is lost is XAUC.

    Raises:
        InfnetError: matplotlib is not installed.
    """
    shown = list(found[:MOST])
    tasks = list(shown[0].drops)
    tasks.insert(0, tasks.pop(tasks.index("mean")))
    figure = new_figure(2.5 + 2.6 * len(tasks), 1.2 + 0.24 * len(shown))
    panels = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    at = range(len(shown))
    for axes, task in zip(panels, tasks, strict=True):
        drops = [each.drops[task] or 0.0 for each in shown]
        axes.barh(at, drops, color="tab:blue", alpha=0.7)
        for row, each in enumerate(shown):
            interval = each.intervals[task]
            if interval is not None:
                axes.plot(interval, [row, row], color="black", linewidth=1)
        axes.axvline(0.0, color="grey", linewidth=0.8)
        axes.set_title(task)
        axes.set_xlabel("XAUC lost" if task in regressions else "AUC lost")
        axes.tick_params(axis="x", labelrotation=45)
    panels[0].set_yticks(at, [each.feature for each in shown])
    panels[0].invert_yaxis()
    figure.savefig(path, dpi=150)
