"""Random cells, taken apart as plain Python takes them apart, or refused in a sentence."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infnet_keras.data import prepare
from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.shapes.explode import exploded
from infnet_keras.data.raw.shapes.packed import PackedFeatures
from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict
from infnet_keras.spec.row_shapes import Explode, Packed

KINDS = {
    "null": pa.nulls(3),
    "list of null": pa.array([[], None, [None]], pa.list_(pa.null())),
    "list of double": pa.array([[1.0, 2.5, float("nan")]] * 3),
    "list of boolean": pa.array([[True, False]] * 3),
    "list of timestamp": pa.array([[datetime(2020, 1, 1)]] * 3),
    "list of binary": pa.array([[b"a", b"\xff"]] * 3),
    "list of dictionary": pa.ListArray.from_arrays(
        pa.array([0, 2, 4, 6], pa.int32()), pa.array(["a", "b"] * 3).dictionary_encode()
    ),
    "list of struct": pa.array([[{"a": 1}]] * 3),
    "list of list": pa.array([[[1], [2]]] * 3),
    "list of unsigned": pa.array([[2**63 + 5]] * 3, pa.list_(pa.uint64())),
    "fixed list": pa.array([[1, 2]] * 3, pa.list_(pa.int32(), 2)),
    "map": pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64())),
    "struct": pa.array([{"a": 1}] * 3),
    "boolean": pa.array([True] * 3),
    "integer": pa.array([5] * 3),
    "brackets": pa.array(["[a, b]"] * 3, pa.large_string()),
}
SEPARATORS = st.sampled_from([" ", "|", ",", "::", "\x01", "é"])
CELLS = st.lists(
    st.one_of(st.none(), st.text(st.sampled_from("ab1é商-:| ,\x01\n"), max_size=9)), max_size=6
)


def rows_of(blocks: Any) -> list[dict[str, Any]]:
    return [row for block in blocks for row in block.table.to_pylist()]


def as_block(cells: list[str | None]) -> Block:
    table = pa.table({"cell": pa.array(cells, pa.string()), "row": range(len(cells))})
    return Block("log.csv", 0, table)


@settings(max_examples=150, deadline=None)
@given(CELLS, SEPARATORS, st.integers(1, 5))
def test_elements_are_rows(cells: list[str | None], separator: str, most_rows: int) -> None:
    rule = Explode(column="cell", separator=separator, into=["item", "click"], part_separator="-")
    expected: list[dict[str, Any]] = []
    wrong: int | None = None
    for row, cell in enumerate(cells):
        # A cell of blanks alone is empty.
        elements = [] if cell is None or not cell.strip(" \n") else cell.split(separator)
        for element in filter(None, elements):
            parts = element.split("-")
            if len(parts) != 2:
                wrong = row if wrong is None else wrong
            else:
                item, click = (part or None for part in parts)
                expected.append({"row": row, "item": item, "click": click})
    if wrong is None:
        assert rows_of(exploded(as_block(cells), rule, most_rows)) == expected
    else:
        with pytest.raises(DataError, match=rf"log\.csv.*in row {wrong + 1},"):
            list(exploded(as_block(cells), rule, most_rows))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=4), max_size=6),
    st.data(),
)
def test_lists_of_equal_length(lists: list[list[int | None]], data: st.DataObject) -> None:
    times = [[f"t{n}" for n in range(len(each))] for each in lists]
    unequal = None
    if lists and data.draw(st.booleans()):
        unequal = data.draw(st.integers(0, len(lists) - 1))
        times[unequal].append("more")
    kinds = [pa.list_(pa.int64()), pa.large_list(pa.int64())]
    table = pa.table(
        {
            "item": pa.array(lists, data.draw(st.sampled_from(kinds))),
            "time": pa.array(times, pa.list_(pa.string())),
            "row": pa.array(range(len(lists)), pa.int64()),
        }
    )
    block = Block("log.parquet", 0, table)
    rule = Explode(columns=["item", "time"])
    if unequal is not None:
        with pytest.raises(DataError, match=rf"log\.parquet: row {unequal + 1} has"):
            list(exploded(block, rule))
        return
    assert rows_of(exploded(block, rule)) == [
        {"row": row, "item": item, "time": f"t{n}"}
        for row, each in enumerate(lists)
        for n, item in enumerate(each)
    ]


@settings(max_examples=200, deadline=None)
@given(CELLS, st.sampled_from([" ", "|", ",", "\x01"]))
def test_packed_features(cells: list[str | None], separator: str) -> None:
    rule = Packed(column="cell", separator=separator, id_separator="-", value_separator=":")
    expected: dict[str, list[list[str]]] = {}
    wrong: int | None = None
    for row, cell in enumerate(cells):
        features = [] if cell is None or not cell.strip(" \n") else cell.split(separator)
        for feature in filter(None, features):
            field, dash, rest = feature.partition("-")
            value_id, colon, _ = rest.rpartition(":")
            if not (dash and colon and field and value_id):
                wrong = row if wrong is None else min(wrong, row)
                continue
            expected.setdefault(field, [[] for _ in cells])[row].append(value_id)
    if wrong is not None:
        with pytest.raises(DataError, match=r"log\.csv: column .cell. holds the feature"):
            PackedFeatures(as_block(cells), rule)
        return
    found = PackedFeatures(as_block(cells), rule)
    assert sorted(found.names) == sorted(expected)
    for field, ids in expected.items():
        column = found.column(field).to_pylist()
        several = any(len(each) > 1 for each in ids)
        assert column == [each if several and each else each[0] if each else None for each in ids]


@pytest.mark.parametrize("shape", ["ready made", "explode", "explode parts", "packed"])
@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_of_cell_is_read_or_refused(
    shape: str, kind: str, content: dict[str, Any], tmp_path: Path
) -> None:
    log = {"user": ["a", "b", "a"], "time": [0, 86_400_000, 172_800_000]}
    content["sources"]["log"]["files"] = "log.parquet"
    content["sources"]["log"]["types"] = {"item": "string"}
    content["sequences"] = {}
    if shape == "ready made":
        log["item"] = ["1", "2", "3"]
        content["sequences"]["h"] = {"column": "h", "length": 3, "attributes": {"item": "item"}}
    elif shape == "packed":
        rule = {"separator": ",", "id_separator": ":", "rename": {"1": "item"}}
        content["sources"]["log"]["packed"] = {"column": "h", **rule}
    else:
        parts = {"into": ["item", "x"], "part_separator": "-"} if "parts" in shape else {}
        content["sources"]["log"]["explode"] = {"column": "h", "into": ["item"], **parts}
    table = pa.table({**log, "h": KINDS[kind]})
    # Every row twice, so that each split has both classes.
    twice = pa.concat_tables([table.append_column("clicked", pa.array([n] * 3)) for n in (0, 1)])
    pq.write_table(twice, tmp_path / "log.parquet")
    said = "log.parquet"
    try:
        prepare(spec_from_dict(content), tmp_path, tmp_path / "out", "1970-01-02", "1970-01-03")
    except DataError as error:
        said = str(error)
    assert "log.parquet" in said or "nothing is left to train on" in said
