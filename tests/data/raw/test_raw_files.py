"""What raw files of each kind hold, and what is said of those that cannot be read."""

import gzip
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infnet_keras.data.history.events import TEXT
from infnet_keras.data.preparation.log_pass import log_rows
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.errors import DataError, SpecError
from infnet_keras.spec import spec_from_dict
from infnet_keras.spec.sources import Source


@pytest.fixture
def read(tmp_path):
    """Write files, given by name as bytes or text, and read columns of them in their types."""

    def read_files(files: dict[str, bytes | str], only: list[str] | None = None, **source):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        declared = {"files": list(files), **source}
        raw = RawFiles("log", tmp_path, Source(**declared))
        types = raw.types()
        found: dict[str, list[object]] = {name: [] for name in only or types}
        for block in raw.blocks(only):
            for name in found:
                values = raw.values(block, name, types[name], None, raw.reason(name))
                found[name] += values.to_pylist()
        read_files.notes = raw.notes()
        return found

    return read_files


ROWS = "user,item\n1,x\n2,y\n"
EXPECTED = {"user": [1, 2], "item": ["x", "y"]}


@pytest.mark.parametrize("name", ["a.csv.GZ", "a.CSV.Gzip", "a.csv.bz2", "a.csv.ZST", "a.csv.lz4"])
def test_compressed_text_in_any_case(read, name) -> None:
    codec = {"g": "gzip", "b": "bz2", "z": "zstd", "l": "lz4"}[name.lower().split(".")[-1][0]]
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, codec) as stream:
        stream.write(ROWS.encode())
    assert read({name: packed.getvalue().to_pybytes()}) == EXPECTED


def zipped(tmp_path: Path, **members: str) -> bytes:
    with zipfile.ZipFile(tmp_path / "made", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_csv", ".csv"), content)
    return (tmp_path / "made").read_bytes()


def test_a_zip_of_one_file(read, tmp_path) -> None:
    assert read({"a.csv.zip": zipped(tmp_path, a_csv=ROWS)}) == EXPECTED


def test_a_zip_of_several_files_names_them(read, tmp_path) -> None:
    with pytest.raises(DataError, match=r"a.zip holds 2 files \(a.csv, b.csv\)"):
        read({"a.zip": zipped(tmp_path, a_csv=ROWS, b_csv=ROWS)})


def test_names_of_a_headerless_file(read) -> None:
    found = read({"a.dat": "1::x\n2::y"}, columns=["user", "item"], delimiter="::")
    assert found == EXPECTED


def test_a_header_that_columns_repeats_is_no_row(read) -> None:
    with pytest.raises(DataError, match=r"a.csv begins with the names that `columns` gives"):
        read({"a.csv": ROWS}, columns=["user", "item"])


def test_a_line_of_another_length_is_named(read) -> None:
    with pytest.raises(DataError, match=r"a.csv: line 4 has 3 values, but the header names 2"):
        read({"a.csv": ROWS + "3,z,7\n4,w\n"})
    with pytest.raises(DataError, match=r"line 2 has 2 values, but `columns` names 3"):
        read({"a.csv": "1,2,3\n4,5\n"}, columns=["a", "b", "c"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('u,i\n1,x\n2,"red shoes\n3,y\n', "a quote opens a value in line 3, and none closes it"),
        ('u,i\n1,"a\n2,b\n3,"c\n', "closes a value in line 4, which opens in line 2"),
        ('u,i\n1,"a"b\n2,c\n', "text follows the quote that closes a value in line 2;"),
    ],
)
def test_a_quote_swallows_no_row(read, text, said) -> None:
    with pytest.raises(DataError, match=said):
        read({"a.csv": text})
    assert len(read({"a.csv": text}, quote="off")["u"]) == text.count("\n") - 1


def test_quotes_inside_a_value_are_text(read) -> None:
    found = read({"a.csv": 'u;i\n1;5" disc\n2;\'a;"b"\nc\'\n'}, delimiter=";", quote="'")
    assert found == {"u": [1, 2], "i": ['5" disc', 'a;"b"\nc']}


@pytest.mark.parametrize("encoding", ["latin-1", "gbk", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(read, encoding) -> None:
    item = "商" if encoding.startswith(("gbk", "utf")) else "é"
    text = f"user,{item}\n1,{item}0\n".encode(encoding)
    assert read({"a.csv": text}, encoding=encoding) == {"user": [1], item: [f"{item}0"]}


def test_without_its_encoding_the_error_names_it(read) -> None:
    with pytest.raises(DataError, match=r"'item'.*not UTF-8 in row 2.*`encoding`"):
        read({"a.csv": "item,n\nx,1\né,2\n".encode("latin-1")})
    with pytest.raises(DataError, match=r"a.csv is text in utf-16; say `encoding: utf-16`"):
        read({"a.csv": ROWS.encode("utf-16")})
    with pytest.raises(DataError, match=r"line 3 is not text in gbk"):
        read({"a.csv": b"item\nx\n\xff\n"}, encoding="gbk")


def test_columns_that_nobody_reads_are_not_decoded(read) -> None:
    text = "user,item,归属\n1,x,商\n2,y,品\n".encode("gbk")
    assert read({"a.csv": text}, ["user", "item"]) == EXPECTED
    assert read({"a.json": b'{"user": 1, "note": "\xb9"}\n'}, ["user"]) == {"user": [1]}


def test_json_lines(read) -> None:
    rows = [
        {"user": 7, "asin": "0007", "price": 1.5, "bought": True, "tags": ["a", None]},
        {"user": 18446744073709551615, "asin": None, "details": {"brand": {"name": "é"}}},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    found = read({"a.jsonl": text}, ["user", "asin", "price", "bought", "details.brand.name"])
    assert found == {
        "user": ["7", "18446744073709551615"],
        "asin": ["0007", None],
        "price": [1.5, None],
        "bought": ["true", None],
        "details.brand.name": [None, "é"],
    }
    assert read({"a.jsonl.gz": gzip.compress(text.encode())}, ["asin"])["asin"] == ["0007", None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}\n{"a": }\n', "a.json: line 2 is not JSON"),
        ('[{"a": 1}]\n', "line 1 is no JSON object"),
        ('{"a": 1}\n{"a": [{"b": 2}]}\n', "'a' holds objects"),
    ],
)
def test_what_is_no_json_lines(read, text, said) -> None:
    with pytest.raises(DataError, match=said):
        read({"a.json": text}, ["a"])


def parquet(**columns: pa.Array) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), out)
    return bytes(out.getvalue().to_pybytes())


def test_directories_are_columns(read) -> None:
    part = parquet(item=pa.array([1, 2]))
    days = {
        "dt=2024-01-01/hour=07/a.parquet": part,
        "dt=__HIVE_DEFAULT_PARTITION__/a.parquet": part,
    }
    days["dt=a%3Ab/a.parquet"] = part
    found = read(days, ["dt", "item"])
    assert found == {
        "dt": ["2024-01-01"] * 2 + [None] * 2 + ["a:b"] * 2,
        "item": [1, 2] * 3,
    }


def test_fields_of_structs_by_their_path(read) -> None:
    structs = pa.array([{"os": "ios", "v": {"n": 1}}, None, {"os": None, "v": {"n": 2}}])
    found = read({"a.parquet": parquet(device=structs)}, ["device.os", "device.v.n"])
    assert found == {"device.os": ["ios", None, None], "device.v.n": [1, None, 2]}


def test_ids_beyond_int64_stay_exact(read) -> None:
    ids = [2**64 - 1, 2**63, 5, None]
    assert read({"a.parquet": parquet(item=pa.array(ids, pa.uint64()))}) == {
        "item": [None if number is None else str(number) for number in ids]
    }
    assert read({"a.parquet": parquet(item=pa.array([7, None], pa.uint64()))}) == {
        "item": [7, None]
    }
    text = "item\n" + "\n".join(map(str, ids[:3]))
    assert read({"a.csv": text}) == {"item": list(map(str, ids[:3]))}


def test_ids_are_no_numbers(read) -> None:
    for ids in (["0108775015", "78"], ["0x10", "16"], ["12345e07", "7"], ["-07", "1"]):
        assert read({"a.csv": "item\n" + "\n".join(ids)}) == {"item": ids}


def test_an_id_that_comes_later_is_refused(read, monkeypatch) -> None:
    monkeypatch.setattr("infnet_keras.data.raw.sources._SAMPLE_BYTES", 10)
    monkeypatch.setattr("infnet_keras.data.raw.sources._CSV_BLOCK_BYTES", 10)
    for value in ("007", "0x1f", "new", "1.5"):
        with pytest.raises(
            DataError, match=rf"'{value}' in row 4, but row 1 of .*a.csv holds '10'"
        ):
            read({"a.csv": f"item\n10\n20\n30\n{value}\n"})
    text = "item\n1.5\n20\n30\n"
    with pytest.raises(DataError, match=r"holds '007' in row 4.*looked like float32"):
        read({"a.csv": f"{text}007\n"})
    assert read({"a.csv": f"{text}-0.5\nNULL\n-inf\n"})["item"] == [
        *(1.5, 20, 30, -0.5, None),
        float("-inf"),
    ]


def test_every_file_is_looked_at(read) -> None:
    assert read({"a.csv": "item\n1\n", "b.csv": "item\nx\n"}) == {"item": ["1", "x"]}


def test_missing_values(read) -> None:
    text = "city,age\n\\N,\\N\nparis,33\nNULL,-1\n"
    assert read({"a.csv": text}) == {"city": ["\\N", "paris", "NULL"], "age": [None, 33, -1]}
    (note,) = read.notes
    assert "column 'city' of source 'log' holds the texts 'NULL', '\\N'" in note
    assert "say `missing_values: ['NULL', '\\N']`" in note  # as YAML reads it
    declared = {"missing_values": ["\\N", "NULL", "-1"]}
    expected = {"city": [None, "paris", None], "age": [None, 33, None]}
    assert read({"a.csv": text}, **declared) == expected
    assert read.notes == []
    city, age = pa.array(["\\N", "paris", "NULL"]), pa.array([None, 33, -1])
    assert read({"a.parquet": parquet(city=city, age=age)}, **declared) == expected
    lines = [{"city": c, "age": a} for c, a in zip(city.to_pylist(), age.to_pylist(), strict=True)]
    assert read({"a.json": "\n".join(map(json.dumps, lines))}, **declared) == expected


def test_files_without_a_row_are_skipped(read) -> None:
    found = read({"a.csv": "", "b.csv": "user,item\n", "c.csv": ROWS, "d.csv": "\n\n"})
    assert found == EXPECTED
    assert [note.rpartition("/")[2] for note in read.notes] == [
        f"{name}.csv holds no row: skipped" for name in "abd"
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", parquet(a=pa.array([1])), "a.csv is a Parquet file"),
        ("a.csv", gzip.compress(ROWS.encode(), mtime=0), "a.csv is compressed with gzip"),
        ("a.csv.gz", b"\xfd7zXZ\x00" + bytes(9), "a.csv.gz is compressed with xz"),
        ("a.csv", b"PK\x03\x04\x00\x00xl/workbook.xml", "a.csv is an Excel workbook"),
        ("a.csv", b"PK\x03\x04\x00\x00a.txt", "a.csv is a zip archive"),
        ("a.csv", b"a\x00b\x00,\x00", "a.csv holds NUL bytes"),
        ("a.parquet", ROWS, "a.parquet is no Parquet file"),
        ("a.parquet", gzip.compress(b"x", mtime=0), "a.parquet is compressed with gzip"),
        (
            "a.csv.gz",
            gzip.compress(parquet(a=pa.array([1])), mtime=0),
            "a.csv.gz is a Parquet file",
        ),
    ],
)
def test_what_a_file_is(read, name, content, said) -> None:
    with pytest.raises(DataError, match=said):
        read({name: content})


def test_a_layout_of_csv_says_nothing_of_parquet(read) -> None:
    with pytest.raises(DataError, match=r"`columns` says how CSV text is laid out, but a.parquet"):
        read({"a.parquet": parquet(a=pa.array([1]))}, columns=["a"])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("encoding", "latin-99", "is no encoding of text"),
        ("encoding", "base64", "is no encoding of text"),
        ("columns", ["a", "a"], "two columns are called 'a'"),
        ("columns", [], "give every column of the file a name"),
        ("delimiter", "\n", "can hold neither a line's end"),
        ("delimiter", '"', "nor the `quote`"),
        ("quote", "''", "quote"),
    ],
)
def test_layouts_that_no_file_has(content, key, value, said) -> None:
    content["sources"]["log"][key] = value
    with pytest.raises(SpecError, match=said):
        spec_from_dict(content)


def test_repeats_are_told_apart_by_columns_of_all_kinds(content, tmp_path) -> None:
    log = {
        "user": [1, 1, 1],
        "item": [7, 7, 7],
        "time": [5, 5, 5],
        "clicked": [1, 1, 1],
        "extra": [{"a": [1]}, {"a": [1]}, {"a": [2]}],
    }
    rows = [dict(zip(log, row, strict=True)) for row in zip(*log.values(), strict=True)]
    (tmp_path / "log.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.table(log), tmp_path / "log.parquet")
    for name in ("log.json", "log.parquet"):
        content["sources"]["log"] |= {"files": name, "deduplicate": True}
        spec = spec_from_dict(content)
        plan = ColumnPlan.of(spec, tmp_path)
        (block,) = plan.files["log"].blocks(None)
        assert len(log_rows(spec, plan, block, 0)[TEXT].unique()) == 2


def test_a_column_that_is_not_there_says_why(content, tmp_path) -> None:
    content["fields"]["place"] = {"side": "item", "hash": 9, "column": "归属"}
    spec = spec_from_dict(content)
    header = "user,item,time,clicked,归属\n".encode("gbk")
    (tmp_path / "log.csv").write_bytes(header)
    with pytest.raises(DataError, match=r"'归属'.*\\xb9\\xe9.*say the `encoding`"):
        ColumnPlan.of(spec, tmp_path)
    (tmp_path / "log.csv").write_bytes(b"17,25,978301760,1\n")
    with pytest.raises(DataError, match=r"no header line, name their columns in `columns`"):
        ColumnPlan.of(spec, tmp_path)
