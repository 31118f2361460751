"""Figures of an evaluation; they need matplotlib, which is imported when one is drawn."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from infnet_keras.errors import InfnetError
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.metrics import calibration_bins

if TYPE_CHECKING:
    from infnet_keras.evaluation.attention import AttentionMap
    from infnet_keras.spec.token_positions import Position


def plot_attention(attention: "AttentionMap", path: str | Path) -> None:
    """Heat maps of the queries' attention: over the fields, and over the steps of the sequences.

    The two have a colour scale each, as they are attentions of their own; a sequence runs from its
    oldest step on the left to the latest on the right.

    Args:
        attention: of `average_attention`.
        path: the image; the suffix gives the format (.png, .svg, .pdf).

    Raises:
        InfnetError: matplotlib is not installed.

    Reference:
        arXiv 2508.11565, figure 5.
    """
    positions = attention.positions
    fields = [i for i, position in enumerate(positions) if position.step is None]
    steps = [i for i, position in enumerate(positions) if position.step is not None]
    panels = [("fields", fields), ("sequences, oldest to latest", steps)][: 2 if steps else 1]
    sources = list(dict.fromkeys(positions[i].source for i in steps))
    width = min(40.0, max(7.0, 0.22 * max(len(fields), len(sources)) + 3.0))
    height = len(panels) * (2.2 + 0.3 * len(attention.queries))
    figure = new_figure(width, height)
    for axes, (title, columns) in zip(
        figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels, strict=True
    ):
        image = axes.imshow(
            attention.weights[:, columns], aspect="auto", cmap="viridis", vmin=0.0, rasterized=True
        )
        axes.set_title(title)
        axes.set_yticks(range(len(attention.queries)), attention.queries)
        _label_columns(axes, [positions[i] for i in columns])
        figure.colorbar(image, ax=axes, label="mean attention", pad=0.01)
    figure.savefig(path, dpi=150)


def plot_calibration(predictions: Predictions, path: str | Path, bins: int = 20) -> None:
    """Predicted against observed share of positives, per binary task, in bins of about equal count.

    Both axes are logarithmic, so that rare tasks can be read beside frequent ones; a bin without a
    positive is not drawn.

    Args:
        predictions: labels and probabilities of a split.
        path: the image; the suffix gives the format (.png, .svg, .pdf).
        bins: bins per task at most.

    Raises:
        InfnetError: matplotlib is not installed, or every task is a regression.
    """
    if not (binary := [task for task in predictions.tasks if task not in predictions.regressions]):
        raise InfnetError(
            "the plot is of probabilities, and every task is a regression: the report holds their "
            "calibration by tenths of the predictions"
        )
    figure = new_figure(6.0, 6.0)
    axes = figure.subplots()
    shown = [1.0]
    for task in binary:
        cut = calibration_bins(predictions.labels[task], predictions.probabilities[task], bins)
        drawn = (cut.observed > 0) & (cut.predicted > 0)
        axes.plot(cut.predicted[drawn], cut.observed[drawn], marker="o", markersize=4, label=task)
        shown += [*cut.predicted[drawn], *cut.observed[drawn]]
    ends = [min(shown) / 1.5, 1.0]
    axes.plot(ends, ends, color="grey", linestyle="--", linewidth=1, label="calibrated")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="predicted probability",
        ylabel="observed share of positives",
        xlim=ends,
        ylim=ends,
        aspect="equal",
    )
    axes.legend()
    figure.savefig(path, dpi=150)


def new_figure(width: float, height: float) -> Any:
    """A figure of its own, outside pyplot's global state."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InfnetError("plots need matplotlib: pip install matplotlib") from error
    return Figure(figsize=(width, height), layout="constrained")


def _label_columns(axes: Any, positions: Sequence["Position"]) -> None:
    """One label a source, in the middle of its columns, and a line between sources."""
    sources = [position.source for position in positions]
    names = list(dict.fromkeys(sources))
    counts = np.array([sources.count(name) for name in names])
    ends = np.cumsum(counts)
    axes.set_xticks(ends - counts / 2 - 0.5, names, rotation=90)
    if counts.max(initial=1) > 1:
        for end in ends[:-1]:
            axes.axvline(end - 0.5, color="white", linewidth=0.8)
