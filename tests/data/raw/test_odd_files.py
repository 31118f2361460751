"""Random odd files: their rows are what another reader says, or one sentence says why not.

`ODD_FILES=500` asks for that many files of each kind instead of a few.
"""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from odd_values import ODD_NAMES, TEXT, odd

from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.data.raw.values.conversion import convert
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import ColumnType, Source

MESSY = TEXT | st.text(st.characters(codec="utf-8"), max_size=5)  # NUL too
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
    rows = st.lists(st.lists(MESSY, min_size=width, max_size=width), min_size=1, max_size=8)
    return draw(rows)


@odd(60)
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


BYTES = st.lists(st.sampled_from([bytes([b]) for b in b"ab1,;\t\"'\n\r \xff\xe9\x80\x1f"]))


@odd(60)
@given(
    st.booleans(),
    BYTES.map(b"".join),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(['"', "'", "off"]),
    BLOCK_BYTES,
)
@example(False, b'"a","b"\r"c","d"', ",", '"', 7)
@example(False, b'x,5" disc\ny,"a\n""b"\n', ",", '"', 7)
@example(False, b'x,y\n"a,b\nc,d\n"e,f\n', ",", '"', 64)
@example(True, b"\xff,\xe9\r\na,b\rc,d\ne,f", ",", '"', 7)
def test_any_bytes_are_read_as_the_csv_module_reads_them(
    tmp_path, mark, content, delimiter, quote, block_bytes
) -> None:
    (tmp_path / "log.csv").write_bytes(b"\xef\xbb\xbf" * mark + content)
    quoting = csv.QUOTE_NONE if quote == "off" else csv.QUOTE_MINIMAL
    character = None if quote == "off" else quote
    try:
        lines = io.StringIO(content.decode("latin-1"), newline="")
        read = csv.reader(
            lines, delimiter=delimiter, quoting=quoting, quotechar=character, strict=True
        )
        expected = [row for row in read if row]
    except csv.Error:
        expected = None
    found = read_or_refused(
        tmp_path,
        block_bytes,
        files="log.csv",
        columns=["first", "last"],
        delimiter=delimiter,
        quote=quote,
    )
    if isinstance(found, DataError):
        assert not expected or any(len(row) != 2 for row in expected), found
    else:
        assert [list(row.values()) for row in found] == [
            [value.encode("latin-1") or None for value in row] for row in expected or [["text"]]
        ]


@odd(60)
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


@odd(60)
@given(
    st.binary(max_size=200), st.sampled_from(["log.csv", "log.csv.gz", "log.parquet", "log.zip"])
)
def test_any_bytes_are_read_or_refused(tmp_path, content, name) -> None:
    (tmp_path / name).write_bytes(content)
    found = read_or_refused(tmp_path, 64, files=name)
    assert not isinstance(found, DataError) or name in str(found)


NAMES = st.lists(
    st.sampled_from(ODD_NAMES) | st.text(max_size=4), min_size=1, max_size=3, unique=True
)
SMALL = st.none() | st.integers(0, 9)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))
TYPES = {
    pa.null(): st.none(),
    pa.int8(): st.integers(-128, 127),
    pa.uint16(): st.integers(0, 2**16 - 1),
    pa.int64(): st.integers(-(2**63) + 1, 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float16(): st.floats(width=16).map(np.float16),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
    pa.string(): MESSY,
    pa.large_string(): MESSY,
    pa.binary(): st.binary(max_size=5),
    pa.binary(3): st.binary(min_size=3, max_size=3),
    pa.large_binary(): st.binary(max_size=5),
    pa.dictionary(pa.int8(), pa.string()): MESSY,
    pa.dictionary(pa.int32(), pa.int64()): st.integers(-5, 5),
    pa.date32(): st.dates(),
    pa.date64(): st.dates(),
    pa.timestamp("us"): st.datetimes(),
    pa.timestamp("s"): MOMENTS.map(lambda moment: moment.replace(microsecond=0)),
    pa.timestamp("ns", "Asia/Shanghai"): MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
    pa.time32("ms"): st.times().map(lambda time: time.replace(microsecond=0)),
    pa.time64("us"): st.times(),
    pa.duration("ms"): st.integers(-(10**9), 10**9).map(lambda n: timedelta(milliseconds=n)),
    pa.decimal128(20, 3): st.decimals(-(10**9), 10**9, places=3),
    pa.decimal256(60, 0): st.integers(-(10**50), 10**50).map(Decimal),
    pa.list_(pa.int64()): st.lists(SMALL, max_size=3),
    pa.large_list(pa.float32()): st.lists(st.none() | st.floats(width=32), max_size=3),
    pa.list_(pa.string()): st.lists(st.none() | MESSY, max_size=3),
    pa.list_(pa.int32(), 2): st.lists(SMALL, min_size=2, max_size=2),
    pa.list_(pa.list_(pa.int64())): st.lists(st.none() | st.lists(SMALL, max_size=2), max_size=2),
    pa.struct([("x", pa.int64()), ("y.z", pa.string())]): st.fixed_dictionaries(
        {"x": SMALL, "y.z": MESSY}
    ),
    pa.map_(pa.string(), pa.int64()): st.dictionaries(MESSY, st.integers(0, 9), max_size=2),
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


@odd(60)
@given(parquet_tables(), st.sampled_from([1, 3, 100]), st.sampled_from([1, 4, 1000]))
def test_any_parquet_is_read_as_it_is(tmp_path, monkeypatch, table, group_rows, block_rows) -> None:
    monkeypatch.setattr("infnet_keras.data.raw.sources._PARQUET_BLOCK_ROWS", block_rows)
    try:
        pq.write_table(table, tmp_path / "log.parquet", row_group_size=group_rows)
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


@pytest.mark.parametrize(
    ("given_type", "column_type", "values", "expected"),
    [
        (pa.int8(), "int64", [-128, None, 127], [-128, None, 127]),
        (pa.uint16(), "int64", [0, 2**16 - 1], [0, 2**16 - 1]),
        (pa.int64(), "int64", [1 - 2**63, 2**63 - 1], [1 - 2**63, 2**63 - 1]),
        (pa.bool_(), "int64", [True, None, False], [1, None, 0]),
        (pa.int64(), "string", [1 - 2**63, None], [str(1 - 2**63), None]),
        (pa.uint64(), "string", [2**64 - 1], [str(2**64 - 1)]),
        (pa.bool_(), "string", [True, None, False], ["true", None, "false"]),
        (pa.string(), "string", ["007", "", None], ["007", None, None]),
    ],
)
def test_what_a_type_holds_exactly_is_not_refused(
    given_type, column_type, values, expected
) -> None:
    chunks = pa.chunked_array([pa.array(values, given_type)])
    assert converted(chunks, column_type, "column") == expected


@odd(60)
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


def test_zones_beside_lists_of_a_fixed_size(tmp_path) -> None:
    """Such lists are read without Arrow's own schema, which alone names the zones."""
    zoned = pa.timestamp("us", "Asia/Shanghai")
    table = pa.table(
        {
            "pair": pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)),
            "at": pa.array([None, 7], zoned),
            "times": pa.array([[5, None], None], pa.list_(zoned)),
            "parts": pa.array([{"at": 5, "n": 1}, None], pa.struct({"at": zoned, "n": pa.int64()})),
            "local": pa.array([5, None], pa.timestamp("us")),
        }
    )
    pq.write_table(table, tmp_path / "log.parquet")
    (block,) = RawFiles("log", tmp_path, Source(files="log.parquet")).blocks(table.column_names)
    assert block.table.to_pylist() == table.to_pylist()
    for name in ("at", "times", "parts", "local"):
        assert block.table.schema.field(name).type == table.schema.field(name).type
