"""Tables for the terminal."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from infnet_keras.benchmark.measured import Measured
from infnet_keras.benchmark.scaling import SIZES

_MEGABYTE = 1e6


def setting_table(found: Sequence[Measured]) -> Table:
    """The contenders of one setting, a line each, forward and training beside one another.

    Args:
        found: of `SpeedRun.at`.
    """
    size = found[0].setting
    title = f"{size.shape}, width {size.width}, batch {size.batch:,}, {size.precision}"
    table = _table(title, ["part", "", *_HEADINGS])
    for forward, training in _pairs(found):
        table.add_row(forward.entry.part, forward.entry.name, *_figures(forward, training))
    return table


def scaling_table(found: Sequence[Measured]) -> Table:
    """The whole models over one size.

    Args:
        found: of `SpeedRun.over`.
    """
    size, factor = found[0].setting, found[0].factor
    title = f"{size.shape}, width {size.width}, {size.precision}: over {factor}"
    table = _table(title, [SIZE_NAMES[factor], "", *_HEADINGS])
    for forward, training in _pairs(found):
        value = SIZES[factor](forward.setting)
        table.add_row(f"{value:,}", forward.entry.name, *_figures(forward, training))
    return table


SIZE_NAMES = {
    "history": "steps",
    "fields": "fields",
    "vocabulary": "table rows",
    "blocks": "blocks",
    "batch": "batch",
}
_HEADINGS = ["forward, ms", "x", "training, ms", "x", "examples/s", "MB"]


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place > 1 else "left", no_wrap=True)
    return table


def _pairs(found: Sequence[Measured]) -> list[tuple[Measured, Measured]]:
    """Forward and training of each contender."""
    training = {(m.setting, m.entry): m for m in found if m.what == "training"}
    return [(m, training[m.setting, m.entry]) for m in found if m.what == "forward"]


def _figures(forward: Measured, training: Measured) -> list[str]:
    return [
        _milliseconds(forward),
        _times(forward),
        _milliseconds(training),
        _times(training),
        f"{training.examples_a_second:,.0f}",
        "-" if training.peak is None else f"{training.peak / _MEGABYTE:,.0f}",
    ]


def _milliseconds(measured: Measured) -> str:
    median, low, high = (_short(value) for value in measured.spread)
    return f"{median} ({low} .. {high})"


def _times(measured: Measured) -> str:
    return "-" if measured.times is None else f"{measured.times:.2f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
