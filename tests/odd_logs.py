"""Random logs of odd names, values and files, with what plain Python says of every row."""

import bz2
import gzip
import io
import json
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from odd_values import LISTS, ODD_NAMES, OF_PARQUET, OF_TEXT, TIMES

LENGTH = 3


class OddLog(NamedTuple):
    """A log.

    Attributes:
        content: its spec, as plain data.
        files: the files' contents by name.
        rows: of every row, what each field means; `row` tells rows apart.
    """

    content: dict[str, Any]
    files: dict[str, bytes]
    rows: dict[str, dict[str, Any]]

    def write(self, directory: Path) -> Path:
        """Put the files there; returns the directory."""
        for path in directory.glob("log*"):
            path.unlink()
        for name, data in self.files.items():
            (directory / name).write_bytes(data)
        return directory


@st.composite
def odd_logs(draw: st.DrawFn, formats: Iterable[str] = ("csv", "jsonl", "parquet")) -> OddLog:
    """Logs whose rows are all for training, so that every vocabulary holds every value."""
    name = st.one_of(st.sampled_from(ODD_NAMES), st.text(st.characters(codec="utf-8"), max_size=4))
    # "length" stands in requests for a behaviour's, NUL in no name, ` around a label's own
    name = name.filter(lambda n: "\0" not in n and n != "length" and "`" not in n)
    names = draw(st.lists(name, min_size=6, max_size=8, unique=True))
    user, item, time, clicked, row, *others = names
    file_format = draw(st.sampled_from(list(formats)))
    kinds = OF_PARQUET if file_format == "parquet" else OF_TEXT
    if file_format == "jsonl":
        kinds = [*kinds, LISTS]
    chosen = {other: draw(st.sampled_from(kinds)) for other in others}
    count = draw(st.integers(2, 7))

    def several(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=count, max_size=count))

    columns: dict[str, list[Any]] = {
        user: several(st.sampled_from(["u1", "u2", "9", "é"])),
        item: several(st.sampled_from(["i1", "i2", "商", "007"])),
        time: several(TIMES),
        clicked: [n % 2 for n in range(count)],
        row: [f"row {n}" for n in range(count)],
        **{other: several(st.none() | kind.values) for other, kind in chosen.items()},
    }
    fields = {
        "the item": {"side": "item", "column": item, "table": "items"},
        "the row": {"side": "context", "column": row, "vocabulary": {}},
    }
    meanings: dict[str, list[Any]] = {"the item": columns[item]}
    for other, kind in chosen.items():
        fields[f"field {len(fields)}"] = {"side": "context", "column": other, **kind.field}
        meanings[f"field {len(meanings) + 1}"] = [kind.meaning(v) for v in columns[other]]
    meanings["h"] = _histories(columns[user], columns[item], columns[time])
    declared = {other: kind.declared for other, kind in chosen.items() if kind.declared is not None}
    source: dict[str, Any] = {
        "files": f"log*.{file_format}*",
        "time": {"column": time, "unit": "ms"},
        "types": {**dict.fromkeys((user, item, row), "string"), **declared},
        "deduplicate": draw(st.booleans()),
    }
    types = {other: kind.arrow for other, kind in chosen.items()}
    cut = draw(st.integers(1, count))
    files = {}
    for number, part in enumerate(slice(*ends) for ends in ((0, cut), (cut, count))):
        rows = {name: values[part] for name, values in columns.items()}
        if len(rows[user]):
            file = f"log_{number}.{file_format}"
            if file_format == "parquet":
                files[file] = _parquet(draw, rows, types)
            elif file_format == "jsonl":
                suffix, data = _packed(draw, _json_lines(draw, rows))
                files[file + suffix] = data
            else:
                if not number:
                    layout = draw(_layouts())
                    source |= {key: layout[key] for key in ("delimiter", "quote", "encoding")}
                suffix, data = _packed(draw, _csv(layout, rows))
                files[file + suffix] = data
    content = {
        "name": "odd",
        "sources": {"log": source},
        "keys": {"user": user, "item": item},
        "tables": {"items": {"vocabulary": {}}},
        "fields": fields,
        "sequences": {"h": {"length": LENGTH, "attributes": {item: "items"}}},
        "tasks": {
            "click": {"label": f"`{clicked}`" if any(c in clicked for c in "=<>!") else clicked}
        },
    }
    found = {
        name: {field: values[n] for field, values in meanings.items()}
        for n, name in enumerate(columns[row])
    }
    return OddLog(content, files, found)


def _label(column: str) -> str:
    return f"`{column}`" if any(character in column for character in "=<>!") else column


def _histories(users: list[str], items: list[str], times: list[int]) -> list[list[str]]:
    """The latest items of the same user strictly before each row, oldest first."""
    order = sorted(range(len(users)), key=lambda n: times[n])
    return [
        [items[m] for m in order if users[m] == users[n] and times[m] < times[n]][-LENGTH:]
        for n in range(len(users))
    ]


def _parquet(draw: st.DrawFn, rows: dict[str, list[Any]], types: dict[str, pa.DataType]) -> bytes:
    sink = io.BytesIO()
    table = pa.table({name: pa.array(values, types.get(name)) for name, values in rows.items()})
    pq.write_table(table, sink, row_group_size=draw(st.sampled_from([1, 2, 100])))
    return sink.getvalue()


def _json_value(value: Any) -> Any:
    """NaN and infinity as the json module spells them; whole numbers of any size."""
    return int(value) if isinstance(value, Decimal) else value


def _json_lines(draw: st.DrawFn, rows: dict[str, list[Any]]) -> bytes:
    end, ascii_only = draw(st.sampled_from(["\n", "\r\n", "\n\n"])), draw(st.booleans())
    lines = []
    for values in zip(*rows.values(), strict=True):
        found = {n: _json_value(v) for n, v in zip(rows, values, strict=True)}
        if lines and draw(st.booleans()):  # what is missing may be absent, but not everywhere
            found = {name: value for name, value in found.items() if value is not None}
        lines.append(json.dumps(found, ensure_ascii=ascii_only))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return (mark + end.join(lines) + draw(st.sampled_from(["", end]))).encode()


@st.composite
def _layouts(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "delimiter": draw(st.sampled_from([",", "\t", ";", "|", "\x01"])),
        "quote": draw(st.sampled_from(['"', "'"])),
        "encoding": draw(st.sampled_from(["utf-8", "utf-16", "utf-8-sig"])),
        "end": draw(st.sampled_from(["\n", "\r\n"])),
        "last": draw(st.booleans()),
        "always": draw(st.booleans()),
    }


def _csv(layout: dict[str, Any], rows: dict[str, list[Any]]) -> bytes:
    quote, delimiter, end = layout["quote"], layout["delimiter"], layout["end"]

    def cell(value: Any) -> str:
        text = (
            "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        )
        if layout["always"] or any(c in text for c in (quote, delimiter, "\r", "\n", "\ufeff")):
            return quote + text.replace(quote, quote * 2) + quote
        return text

    lines = [list(rows), *zip(*rows.values(), strict=True)]
    text = end.join(delimiter.join(map(cell, line)) for line in lines)
    return (text + (end if layout["last"] else "")).encode(layout["encoding"])


def _packed(draw: st.DrawFn, data: bytes) -> tuple[str, bytes]:
    """A suffix, and the file in the container that it names."""
    suffix = draw(st.sampled_from(["", "", ".gz", ".GZ", ".bz2", ".zst", ".zip"]))
    if suffix.lower() == ".gz":
        return suffix, gzip.compress(data)
    if suffix == ".bz2":
        return suffix, bz2.compress(data)
    if suffix == ".zst":
        return suffix, pa.Codec("zstd").compress(data, asbytes=True)
    if suffix == ".zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("inside", data)
        return suffix, archive.getvalue()
    return suffix, data
