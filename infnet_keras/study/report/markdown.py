"""A report as Markdown: its text and tables."""

from collections.abc import Sequence

from infnet_keras.study.report.table import Cell, Section, Table


def markdown(title: str, sections: Sequence[Section]) -> str:
    """The report's text and tables; figures are in the HTML alone."""
    parts = [f"# {title}"]
    for section in sections:
        parts += [f"## {section.title}", *section.text]
        for table in section.tables:
            parts += [f"### {table.title}"] if table.title else []
            parts.append(_table(table))
        if section.figures:
            parts.append("Figures: in report.html.")
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    rule = [" --- "] + ["---:" if not table.words else " --- "] * (len(table.headings) - 1)
    lines = [_line(table.headings), f"|{'|'.join(rule)}|"]
    lines += [_line([_cell(cell) for cell in row]) for row in table.rows]
    return "\n".join(lines)


def _cell(cell: Cell) -> str:
    text = f"**{cell.text}**" if cell.strong else cell.text
    return f"{text} {cell.small}".strip()


def _line(cells: Sequence[str]) -> str:
    escaped = [cell.replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"
