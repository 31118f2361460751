"""Tables for the terminal."""

from collections.abc import Sequence
from typing import Literal

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
        _add(table, forward.entry.part, forward, training)
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
        _add(table, f"{value:,}", forward, training)
    return table


SIZE_NAMES = {
    "history": "steps",
    "fields": "fields",
    "vocabulary": "table rows",
    "blocks": "blocks",
    "batch": "batch",
}
_HEADINGS = ["forward, ms", "x", "training, ms", "x", "examples\na second", "MB"]


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        numbers = place > 1
        side: Literal["left", "right"] = "right" if numbers else "left"
        table.add_column(heading, justify=side, no_wrap=numbers, overflow="fold")
    return table


def _add(table: Table, first: str, forward: Measured, training: Measured) -> None:
    """A contender's figures, and the quartiles of its times below: eighty columns hold both."""
    table.add_row(first, forward.entry.name, *_figures(forward, training))
    table.add_row("", "", _quartiles(forward), "", _quartiles(training), "", "", "")


def _pairs(found: Sequence[Measured]) -> list[tuple[Measured, Measured]]:
    """Forward and training of each contender."""
    training = {(m.setting, m.entry): m for m in found if m.what == "training"}
    return [(m, training[m.setting, m.entry]) for m in found if m.what == "forward"]


def _figures(forward: Measured, training: Measured) -> list[str]:
    return [
        _short(forward.spread[0]),
        _times(forward),
        _short(training.spread[0]),
        _times(training),
        f"{training.examples_a_second:,.0f}",
        "-" if training.peak is None else f"{training.peak / _MEGABYTE:,.0f}",
    ]


def _quartiles(measured: Measured) -> str:
    return "..".join(map(_short, measured.spread[1:]))


def _times(measured: Measured) -> str:
    return "-" if measured.times is None else f"{measured.times:.2f}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
