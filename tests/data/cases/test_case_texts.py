"""Text files as they come: stray quotes, encodings, containers, bytes that are no text."""

import bz2
import gzip
import io
import lzma
import zipfile
from typing import Any

import pyarrow as pa
import pytest
from small_logs import CLICKED, ROWS, Prepare, columns_of_log, csv_text, spec_of_log


def test_lone_quote_swallows_no_rows(prepare: Prepare) -> None:
    """Case 01: a quote that opens in one row and closes in a later one."""
    queries = [f"q{n % 3}" for n in range(ROWS)]
    queries[4], queries[11] = '"27 inch', '19" rack'
    spec = spec_of_log(delimiter="\t", quote=False)
    spec["fields"]["query"] = {"side": "context", "vocabulary": {}}
    files = {"log.csv": csv_text(columns_of_log(query=queries), "\t")}
    found = prepare(spec, files)
    assert len(found.rows) == ROWS
    assert found.rows[4]["query"] == '"27 inch'
    del spec["sources"]["log"]["quote"]
    refused = prepare(spec, files)
    assert refused.code == 2
    assert "log.csv: " in refused.said
    assert "in line 13, which opens in line 6" in refused.said
    assert "`quote: off`" in refused.said


def encoded(encoding: str, items: list[str]) -> bytes:
    return csv_text(columns_of_log(item=items)).encode(encoding)


@pytest.mark.parametrize(
    ("encoding", "items", "hint"),
    [
        ("gbk", ["商品甲", "商品乙"], "say the `encoding` of its source"),
        ("latin-1", ["é1", "ü2"], "say the `encoding` of its source"),
        ("utf-16", ["商品甲", "é"], "say `encoding: utf-16`"),
    ],
)
def test_encodings(prepare: Prepare, encoding: str, items: list[str], hint: str) -> None:
    """Case 21: with its encoding a file is read, without it the error names the word."""
    files = {"log.csv": encoded(encoding, items)}
    found = prepare(spec_of_log(encoding=encoding), files)
    assert found.column("item") == columns_of_log(item=items)["item"]
    refused = prepare(spec_of_log(), files)
    assert refused.code == 2
    assert "log.csv" in refused.said
    assert hint in refused.said


def test_byte_order_mark(prepare: Prepare) -> None:
    """Case 21: it belongs to no column's name."""
    found = prepare(spec_of_log(), {"log.csv": encoded("utf-8-sig", ["i1"])})
    assert found.column("n") == list(range(2, 2 + ROWS))


def zipped(text: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("log.csv", text)
    return stream.getvalue()


def zstandard(text: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(text)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("log.csv.GZ", gzip.compress),
        ("log.CSV.bz2", bz2.compress),
        ("log.csv.zip", zipped),
        ("log.csv.zst", zstandard),
    ],
)
def test_containers(prepare: Prepare, name: str, packed: Any) -> None:
    """Cases 21 and 29: compressed text under an extension in any case of letters."""
    text = csv_text(columns_of_log()).encode()
    assert len(prepare(spec_of_log(name), {name: packed(text)}).rows) == ROWS


@pytest.mark.parametrize("name", ["log.PARQUET", "log.parquet.gzip", "log.Pq"])
def test_parquet_under_other_names(prepare: Prepare, name: str) -> None:
    """Case 21: what writers call Parquet files that are compressed inside."""
    assert prepare(spec_of_log(name), {name: columns_of_log()}).labels() == CLICKED


def test_header_of_an_unused_column_in_another_encoding(prepare: Prepare) -> None:
    """Case 24: neither its name nor its values are decoded."""
    text = csv_text(columns_of_log(note=["x"])).encode().replace(b"note", "备注".encode("gbk"))
    assert prepare(spec_of_log(), {"log.csv": text}).labels() == CLICKED
    spec = spec_of_log()
    spec["fields"]["备注"] = {"side": "context", "vocabulary": {}}
    refused = prepare(spec, {"log.csv": text})
    assert refused.code == 2
    assert "encoding" in refused.said


@pytest.mark.parametrize(
    ("name", "packed", "said"),
    [
        ("log.csv", gzip.compress, "log.csv is compressed with gzip"),
        ("log.csv.xz", lzma.compress, "log.csv.xz is compressed with xz"),
        ("log.csv", zipped, "log.csv is"),
        ("log.csv.gz", lambda text: text, "log.csv.gz"),
    ],
)
def test_binary_under_a_csv_name(prepare: Prepare, name: str, packed: Any, said: str) -> None:
    """Case 29: one sentence says what the file is."""
    refused = prepare(spec_of_log(name), {name: packed(csv_text(columns_of_log()).encode())})
    assert refused.code == 2
    assert said in refused.said
    assert refused.said.count("error:") == 1
