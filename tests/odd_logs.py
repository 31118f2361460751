"""Random logs of odd names, values and files, with what plain Python says of every row."""

import bz2
import gzip
import io
import json
import os
import zipfile
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from infnet_keras.data import ImpressionReader, PreparedData

LENGTH = 3
BOUNDARIES = [-1.5, 0.0, 0.5, 1e30]
BIG_BOUNDARIES = [-(2**62) - 1, 0, 2**53, 2**53 + 1, 2**63 - 1]
_OWN_NAMES = ":user :time :text :source :object :history:h user time split day_end row raw:x kept:x"
ODD_NAMES = (
    f"{_OWN_NAMES} ids:a:b side:log label:click when:h steps:h a a.b a.b.c 点击 user_id:token _id "
    "x__y 0 1 é e\u0301 % item pos true and not nan None self candidate_count \ufeffx \x85 \u2028 😀 "
    "\\N 007 1e5 - ? { [ # & * ! | > @ ~"
).split() + ["", " ", "  ", "\t", "\n", "x\ny", "\r\n", "'", '"', ",", ";", "::", "a b", "\x7f"]
_WORDS = "nan NULL \\N 007 0x1 1e5 inf -0 1.0 1 None true 2020-01-01 [] [1,2] {} ' \" ''".split()
_LETTERS = st.sampled_from("ab7 ,;:|\t'\"\r\n\\é商😀\x1f\x7f\x85\u2028")
TEXT = st.one_of(
    st.text(_LETTERS, max_size=6),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    st.sampled_from(_WORDS),
)
EDGES = [0, 1, -1, 2**24 + 1, 2**53, 2**53 + 1, -(2**62) - 1, 2**63 - 1, -(2**63) + 1]
INTEGERS = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from(EDGES))
FLOATS = st.one_of(
    st.floats(width=32, allow_subnormal=False),
    st.sampled_from([-0.0, float("inf"), -float("inf"), 0.5, -1.5, 1e30]),
)
PARTS = st.lists(st.none() | st.text("ab7é' \n", max_size=2), max_size=4)
TIMES = st.sampled_from([0, 1, 1000, 86_400_000, 4_000_000_000_000])


def odd(few: int, cost: int = 1) -> settings:
    """A few examples, or as many as `ODD_FILES` says, divided by what one costs."""
    return settings(
        max_examples=int(os.environ.get("ODD_FILES", "0")) // cost or few,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],  # to shrink a whole log takes many minutes
        suppress_health_check=list(HealthCheck),
    )


class Kind(NamedTuple):
    """A kind of column.

    Attributes:
        values: what it may hold.
        declared: its type in the spec; None leaves it to the files.
        field: how the spec encodes it.
        meaning: what plain Python says that a value means: a text or None, a list of texts, or
            the row of the table.
        arrow: its type in Parquet.
    """

    values: st.SearchStrategy[Any]
    declared: str | None
    field: dict[str, Any]
    meaning: Callable[[Any], Any]
    arrow: pa.DataType


def _known(text: str | None) -> str | None:
    """A text that a vocabulary holds: no empty one, none with a newline."""
    return None if not text or "\n" in text or "\r" in text else text


def _place(boundaries: list[Any]) -> Callable[[Any], int]:
    return lambda v: 1 if v is None or v != v else 2 + bisect_right(boundaries, v)


def _float_place(value: float | None) -> int:
    """The same, where all are compared in float32."""
    place = _place([float(np.float32(boundary)) for boundary in BOUNDARIES])
    return place(None if value is None else float(np.float32(value)))


def _first_parts(parts: list[str | None] | None) -> list[str | None]:
    """Of several values the first three that are not empty; a single missing one without any."""
    return [_known(part) for part in parts or [] if part][:3] or [None]


def _spelt(value: Any) -> str | None:
    return None if value is None else str(value)


VOCABULARY: dict[str, Any] = {"vocabulary": {}}
SEVERAL: dict[str, Any] = {"vocabulary": {}, "multivalue": "|", "max_values": 3}
TEXTS = Kind(TEXT, "string", VOCABULARY, _known, pa.string())
NUMBERS = Kind(
    INTEGERS, "int64", {"boundaries": BIG_BOUNDARIES}, _place(BIG_BOUNDARIES), pa.int64()
)
FRACTIONS = Kind(
    FLOATS,
    "float32",
    {"boundaries": BOUNDARIES},
    _float_place,
    pa.float32(),
)
TRUTHS = Kind(
    st.booleans(), "string", VOCABULARY, lambda v: v if v is None else str(v).lower(), pa.bool_()
)
IDS = Kind(st.integers(-(10**30), 10**30), "string", VOCABULARY, _spelt, pa.decimal128(38, 0))
LISTS = Kind(PARTS, None, SEVERAL, _first_parts, pa.list_(pa.string()))
OF_TEXT = [TEXTS, NUMBERS, FRACTIONS, TRUTHS, IDS]
OF_PARQUET = [
    *OF_TEXT,
    LISTS,
    LISTS._replace(arrow=pa.large_list(pa.large_string())),
    TEXTS._replace(arrow=pa.large_string()),
    TEXTS._replace(
        arrow=pa.binary(),
        values=TEXT.map(str.encode),
        meaning=lambda v: None if v is None else _known(v.decode()),
    ),
    TEXTS._replace(arrow=pa.dictionary(pa.int32(), pa.string())),
    NUMBERS._replace(declared=None),
    NUMBERS._replace(arrow=pa.int8(), values=st.integers(-128, 127), declared=None),
    FRACTIONS._replace(arrow=pa.float64(), declared=None),
    TRUTHS._replace(declared=None),
    Kind(st.integers(0, 2**64 - 1), "string", VOCABULARY, _spelt, pa.uint64()),
    Kind(st.integers(0, 2**32 - 1), None, VOCABULARY, _spelt, pa.uint32()),
    Kind(st.dates(), "string", VOCABULARY, _spelt, pa.date32()),
    Kind(
        st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
        None,
        VOCABULARY,
        lambda v: v if v is None else v.strftime("%Y-%m-%d %H:%M:%S.%f"),
        pa.timestamp("us"),
    ),
    Kind(
        st.decimals(-(10**9), 10**9, places=3),
        "string",
        VOCABULARY,
        lambda v: v if v is None else f"{v:.3f}".removesuffix(".000"),
        pa.decimal128(20, 3),
    ),
]


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
        if draw(st.booleans()):  # what is missing may be absent
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
        if layout["always"] or any(c in text for c in (quote, delimiter, "\r", "\n")):
            return quote + text.replace(quote, quote * 2) + quote
        return text

    lines = [delimiter.join(map(cell, line)) for line in [list(rows), *zip(*rows.values())]]
    return (end.join(lines) + (end if layout["last"] else "")).encode(layout["encoding"])


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


def prepared_meanings(data: PreparedData) -> dict[str, dict[str, Any]]:
    """What the ids of every impression mean, by the text of its row."""
    batch = next(ImpressionReader(data, "train", 1000).batches())
    vocabularies = {
        name: data.assets.vocabularies[data.spec.field_table(name)]
        for name in data.spec.fields
        if data.spec.field_table(name) in data.assets.vocabularies
    }

    def text(field: str, number: int) -> str | None:
        return None if number == 1 else vocabularies[field][number - 2]

    found: dict[str, dict[str, Any]] = {}
    for n in range(len(batch.labels["click"])):
        row: dict[str, Any] = {}
        for name in data.spec.fields:
            ids = np.asarray(batch.inputs[name][n]).tolist()
            if name not in vocabularies:
                row[name] = ids
            elif isinstance(ids, list):
                row[name] = [text(name, number) for number in ids if number]
            else:
                row[name] = text(name, ids)
        (feature,) = data.spec.sequence_features
        steps = np.asarray(batch.inputs[feature.name][n]).tolist()
        row["h"] = [text("the item", number) for number in steps if number]
        number = str(row.pop("the row"))
        assert number not in found
        assert float(batch.labels["click"][n]) == int(number.removeprefix("row ")) % 2
        found[number] = row
    return found
