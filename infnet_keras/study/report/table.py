"""A table of a report, before it is Markdown or HTML."""

from typing import NamedTuple


class Cell(NamedTuple):
    """What stands in a cell.

    Attributes:
        text: the value.
        small: what stands beneath it, such as a deviation.
        strong: whether it stands out, as the best of its column.
    """

    text: str
    small: str = ""
    strong: bool = False


class Table(NamedTuple):
    """Rows of cells under headings; the first column names the rows.

    Attributes:
        title: above it; empty where a section's title says it.
        headings: one a column.
        rows: each as long as the headings.
        words: whether cells hold words, which may wrap, rather than numbers.
    """

    title: str
    headings: list[str]
    rows: list[list[Cell]]
    words: bool = False


class Section(NamedTuple):
    """A part of a report: text, tables, figures (SVG, with what a reader without eyes is told)."""

    title: str
    text: list[str]
    tables: list[Table]
    figures: list[tuple[str, str]]


def fraction(value: float | None) -> str:
    """Four digits, without the zero before the point.

    Example:
        >>> fraction(0.5), fraction(-0.01234), fraction(1.25), fraction(None)
        ('.5000', '-.0123', '1.2500', '-')
    """
    if value is None:
        return "-"
    text = f"{value:.4f}"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def signed(value: float | None) -> str:
    """The same with its sign, always."""
    return "-" if value is None else f"{'+' if value >= 0 else ''}{fraction(value)}"


def short(value: float) -> str:
    """A number for an axis.

    Example:
        >>> short(0.5), short(20.0), short(20000.0), short(1500000.0)
        ('0.5', '20', '20k', '1.5M')
    """
    for size, name in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{name}"
    return f"{value:g}"


def number(value: float | None) -> str:
    """Three digits that count, thousands apart.

    Example:
        >>> number(0.01234), number(12.34), number(123456.0), number(None)
        ('0.0123', '12.3', '123,456', '-')
    """
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
