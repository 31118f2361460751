"""Random odd files: their rows are what another reader says, or one sentence says why not.

`ODD_FILES=500` asks for that many files of each kind instead of a few.
"""

import csv
import io
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.data.raw.values.conversion import convert
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import ColumnType, Source

odd = settings(
    max_examples=int(os.environ.get("ODD_FILES", "60")),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
MESSY = st.text(st.sampled_from("ab7 ,;:|\t'\"\r\n\\é商\x00\x1f"), max_size=6)
TEXT = st.one_of(MESSY, st.text(st.characters(codec="utf-8"), max_size=5))
DELIMITERS = st.sampled_from([",", "\t", "|", "::", ";", "\x01", "||", "§"])
QUOTES = st.sampled_from(['"', "'", "off"])
ENCODINGS = st.sampled_from(["utf-8", "latin-1", "gbk", "utf-16", "cp1252", "utf-8-sig"])
BLOCK_BYTES = st.sampled_from([7, 64, 1 << 20])


def read_rows(directory: Path, block_bytes: int = 1 << 20, **source) -> list[dict[str, object]]:
    """All rows of a source, as Python values."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infnet_keras.data.raw.sources._CSV_BLOCK_BYTES", block_bytes)
        files = RawFiles("log", directory, Source(**source))
        files.types()
        tables = [block.table for block in files.blocks(None)]
    rows = []
    for table in tables:
        raw = [
            column.combine_chunks().view(pa.binary()).to_pylist() for column in table.itercolumns()
        ]
        rows += [dict(zip(table.column_names, row, strict=True)) for row in zip(*raw, strict=True)]
    return rows


def read_or_refused(directory: Path, block_bytes: int, **source) -> object:
    """All rows, or the error that says why there are none."""
    try:
        return read_rows(directory, block_bytes, **source)
    except DataError as error:
        return error


def written(rows: list[list[str]], delimiter: str, quote: str, always: bool, end: str) -> str:
    """CSV as the csv module writes it, for delimiters of several characters too."""

    def cell(value: str) -> str:
        if quote == "off":
            return value
        if always or any(c in value for c in (delimiter, quote, "\r", "\n")):
            return quote + value.replace(quote, quote * 2) + quote
        return value

    return "".join(delimiter.join(map(cell, row)) + end for row in rows)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 4))
    rows = st.lists(st.lists(TEXT, min_size=width, max_size=width), min_size=1, max_size=8)
    return draw(rows)


@odd
@given(tables(), DELIMITERS, QUOTES, st.booleans(), st.sampled_from(["\n", "\r\n"]), BLOCK_BYTES)
@example([["", ""], ['"', "\r\n"]], "::", '"', False, "\r\n", 7)
def test_well_formed_csv_reads_back(tmp_path, rows, delimiter, quote, always, end, block_bytes):
    text = written(rows, delimiter, quote, always, end)
    spoilt = quote == "off" and any(
        c in value for row in rows for value in row for c in (delimiter, "\r", "\n")
    )
    # a value that ends where a delimiter of several characters begins shifts its border
    spoilt |= len(delimiter) > 1 and text.count(delimiter) != len(rows) * (len(rows[0]) - 1) + sum(
        value.count(delimiter) for row in rows for value in row
    )
    spoilt |= len(delimiter) > 1 and any(delimiter[0] in v for row in rows for v in row)
    path = tmp_path / "log.csv"
    path.write_bytes(text.encode())
    names = [f"c{n}" for n in range(len(rows[0]))]
    found = read_or_refused(
        tmp_path, block_bytes, files="log.csv", columns=names, delimiter=delimiter, quote=quote
    )
    if isinstance(found, DataError):
        assert spoilt or "\x00" in text, found
    elif not spoilt:
        expected = [
            {n: v.encode() or None for n, v in zip(names, row, strict=True)} for row in rows
        ]
        assert found == expected


@odd
@given(st.text(st.sampled_from('a1,"\n\r '), max_size=30), BLOCK_BYTES)
@example('"a","b"\r"c","d"', 7)
@example('x,5" disc\ny,"a\n""b"\n', 7)
@example('x,y\n"a,b\nc,d\n"e,f\n', 64)
def test_any_text_is_read_as_the_csv_module_reads_it(tmp_path, text, block_bytes) -> None:
    (tmp_path / "log.csv").write_bytes(text.encode())
    try:
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        expected = None
    found = read_or_refused(tmp_path, block_bytes, files="log.csv", columns=["first", "last"])
    if isinstance(found, DataError):
        assert not expected or any(len(row) != 2 for row in expected), found
    else:
        assert [list(row.values()) for row in found] == [
            [value.encode() or None for value in row] for row in expected or [["text"]]
        ]


@odd
@given(tables(), ENCODINGS, BLOCK_BYTES)
def test_an_encoding_is_read_or_refused(tmp_path, rows, encoding, block_bytes) -> None:
    rows = [[value.encode(encoding, "ignore").decode(encoding) for value in row] for row in rows]
    text = written(rows, ",", '"', always=True, end="\n")
    (tmp_path / "log.csv").write_bytes(text.encode(encoding))
    names = [f"c{n}" for n in range(len(rows[0]))]
    found = read_or_refused(
        tmp_path, block_bytes, files="log.csv", columns=names, encoding=encoding
    )
    if isinstance(found, DataError):
        assert "\x00" in text, found
    else:
        assert found == [
            {n: v.encode() or None for n, v in zip(names, row, strict=True)} for row in rows
        ]


@odd
@given(
    st.binary(max_size=200), st.sampled_from(["log.csv", "log.csv.gz", "log.parquet", "log.zip"])
)
def test_any_bytes_are_read_or_refused(tmp_path, content, name) -> None:
    (tmp_path / name).write_bytes(content)
    found = read_or_refused(tmp_path, 64, files=name)
    assert not isinstance(found, DataError) or name in str(found)


NAMES = st.lists(st.text(max_size=4), min_size=1, max_size=3, unique=True)
TYPES = {
    pa.int8(): st.integers(-128, 127),
    pa.int64(): st.integers(-(2**63) + 1, 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
    pa.string(): TEXT,
    pa.binary(): st.binary(max_size=5),
    pa.date32(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.time64("us"): st.times(),
    pa.decimal128(20, 3): st.decimals(-(10**9), 10**9, places=3),
    pa.list_(pa.int64()): st.lists(st.none() | st.integers(0, 9), max_size=3),
    pa.list_(pa.string()): st.lists(st.none() | TEXT, max_size=3),
    pa.list_(pa.int32(), 2): st.lists(st.none() | st.integers(0, 9), min_size=2, max_size=2),
    pa.struct([("x", pa.int64()), ("y.z", pa.string())]): st.fixed_dictionaries(
        {"x": st.none() | st.integers(0, 9), "y.z": TEXT}
    ),
    pa.map_(pa.string(), pa.int64()): st.dictionaries(TEXT, st.integers(0, 9), max_size=2),
    pa.list_(pa.struct([("x", pa.int64())])): st.lists(
        st.fixed_dictionaries({"x": st.integers(0, 9)}), max_size=2
    ),
}


@st.composite
def parquet_tables(draw: st.DrawFn) -> pa.Table:
    names = draw(NAMES)
    rows = draw(st.integers(0, 6))
    columns = []
    for _ in names:
        arrow_type = draw(st.sampled_from(list(TYPES)))
        values = st.lists(st.none() | TYPES[arrow_type], min_size=rows, max_size=rows)
        columns.append(pa.array(draw(values), arrow_type))
    return pa.Table.from_arrays(columns, names)


@odd
@given(parquet_tables())
def test_any_parquet_is_read_as_it_is(tmp_path, table) -> None:
    try:
        pq.write_table(table, tmp_path / "log.parquet")
    except pa.ArrowNotImplementedError:  # nulls among lists of a fixed size
        assume(False)
    files = RawFiles("log", tmp_path, Source(files="log.parquet"))
    assert set(table.column_names) <= set(files.types())
    for name in table.column_names:
        found = [value for b in files.blocks([name]) for value in b.table[name].to_pylist()]
        assert repr(found) == repr(table[name].to_pylist())
    assert sum(block.table.num_rows for block in files.blocks(None)) == table.num_rows


def converted(values: pa.ChunkedArray, column_type: ColumnType, name: str) -> object:
    """The values in a type, or the error that says why not."""
    try:
        return convert(values, column_type, None, name, "log.parquet").to_pylist()
    except DataError as error:
        return error


def spelling(value: object) -> str | None:
    """How a value is spelt that a column of strings takes; independent of Arrow."""
    if value is None or value != value or value in ("", b""):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**64:
        return str(int(value))
    return str(value)


@odd
@given(parquet_tables(), st.sampled_from(["int64", "float32", "string"]))
def test_any_parquet_is_converted_or_refused(tmp_path, table, column_type) -> None:
    for name in table.column_names:
        given_type = table.schema.field(name).type
        found = converted(table[name], column_type, name)
        if isinstance(found, DataError):
            assert f"log.parquet: column {name!r}" in str(found) or "a list of column" in str(found)
            continue
        assert len(found) == table.num_rows
        exact = pa.types.is_integer(given_type) or pa.types.is_string(given_type)
        if column_type == "string" and (exact or given_type in (pa.bool_(), pa.binary())):
            assert found == [spelling(value) for value in table[name].to_pylist()]
        if column_type == "string" and given_type == pa.float64():
            for spelt, value in zip(found, table[name].to_pylist(), strict=True):
                wanted = spelling(value)
                assert spelt == wanted or float(spelt) == value
        if column_type == "int64" and pa.types.is_integer(given_type):
            assert found == table[name].to_pylist()
