"""A report as one page of HTML that needs nothing else."""

from collections.abc import Sequence
from html import escape

from infnet_keras.study.report.table import Cell, Section, Table

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 12px; background: #fff; color: #1a1a1a;
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.5em; margin: .3em 0 .6em; overflow-wrap: anywhere; }
h2 { font-size: 1.15em; margin: 1.8em 0 .4em; border-bottom: 1px solid #ccc; padding-bottom: .2em; }
p { margin: .4em 0 .8em; max-width: 75ch; }
.beside { display: grid; gap: 18px 28px; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 540px), 1fr)); }
.figures { columns: 380px; column-gap: 20px; margin-top: 16px; }
figure { margin: 0 0 18px; break-inside: avoid; }
figure svg { display: block; width: 100%; max-width: 460px; height: auto; margin: 0 auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 2px 0 4px; }
th, td { padding: 3px 5px; text-align: right; vertical-align: top; border-bottom: 1px solid #eee; }
thead th { vertical-align: bottom; border-bottom: 1px solid #888; font-weight: 600; }
th:first-child, .words th, .words td { text-align: left; }
tbody th { font-weight: 500; min-width: 5.5em; overflow-wrap: break-word; }
.words td { font-weight: 400; }
td { white-space: nowrap; }
.words td { white-space: normal; }
small { display: block; color: #666; font-size: 10.5px; line-height: 1.2; }
@media (max-width: 560px) {
  body { padding: 8px; font-size: 14px; }
  table { font-size: 11.5px; }
  th, td { padding: 3px 3px; }
  small { font-size: 9px; }
}
"""


def page(title: str, sections: Sequence[Section]) -> str:
    """The whole page; it fits a screen and a phone."""
    body = "\n".join(map(_section, sections))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    parts = [f"<section>\n<h2>{escape(section.title)}</h2>"]
    parts += [f"<p>{escape(text)}</p>" for text in section.text]
    if section.tables:
        parts.append('<div class="beside">' + "\n".join(map(_table, section.tables)) + "</div>")
    if section.figures:
        drawn = "\n".join(_figure(told, svg) for told, svg in section.figures)
        parts.append(f'<div class="figures">{drawn}</div>')
    return "\n".join([*parts, "</section>"])


def _figure(told: str, svg: str) -> str:
    labelled = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(told)}" ', 1)
    return f"<figure>{labelled}</figure>"


def _table(table: Table) -> str:
    kind = ' class="words"' if table.words else ""
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    head = "".join(f"<th>{escape(heading)}</th>" for heading in table.headings)
    rows = "\n".join(
        f"<tr><th>{escape(row[0].text)}</th>{''.join(map(_cell, row[1:]))}</tr>"
        for row in table.rows
    )
    return (
        f"<table{kind}>{caption}<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"
    )


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    text = f"<strong>{text}</strong>" if cell.strong else text
    return f"<td>{text}{f'<small>{escape(cell.small)}</small>' if cell.small else ''}</td>"
