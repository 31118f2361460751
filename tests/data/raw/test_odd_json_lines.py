"""Random odd JSON lines: their rows are what the json module says, or one sentence says why not."""

import json
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from odd_values import INTEGERS, TEXT, odd

from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import Source

KEYS = st.sampled_from(["a", "b", "a.b", "", ".", "b.", "点", ":object", "\0", " "])
SCALARS = st.one_of(st.none(), st.booleans(), INTEGERS, st.integers(), st.floats(), TEXT)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=4,
)
ROWS = st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=6)
NESTED = st.lists(
    st.dictionaries(KEYS, SCALARS | st.dictionaries(KEYS, SCALARS, max_size=2), max_size=3),
    min_size=1,
    max_size=6,
)


def leaves(row: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no object, and every object, at its path."""
    for key, value in row.items():
        yield path + key, value
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}.")


def spelt(value: Any) -> Any:
    """As the file spells it."""
    if value is None or isinstance(value, list):
        return value if value is None else [spelt(element) for element in value]
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def is_plain(rows: list[dict[str, Any]]) -> bool:
    """Whether every path leads to one value, and every value is a scalar or a list of scalars."""
    objects, others = set(), set()
    for row in rows:
        found = list(leaves(row))
        if len({path for path, _ in found}) < len(found):
            return False
        for path, value in found:
            (objects if isinstance(value, dict) else others).add(path)
            if isinstance(value, list) and any(isinstance(v, list | dict) for v in value):
                return False
    return bool(others) and not objects & others


def read(files: RawFiles) -> list[dict[str, Any]]:
    """Every row, without what is missing; text as the bytes that it is."""
    names = list(files.types())
    rows = []
    for block in files.blocks(names):
        for row in block.table.to_pylist():
            rows.append({name: value for name, value in row.items() if value is not None})
    return rows


def as_bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [as_bytes(element) for element in value]
    return value.encode() if isinstance(value, str) else value


@odd(100)
@given(
    ROWS | NESTED,
    st.booleans(),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
    st.sampled_from([8, 1000]),
)
@example([{"a": {"b.": 1}}, {"a.b": {"": 2}}], False, "\n", 1000)
@example([{"a": {"b": 1}, "a.b": 2}], False, "\n", 1000)
@example([{"a": float("nan")}, {"a": 2**70}, {"a": [None, True, -0.0]}], False, "\n", 8)
def test_rows_are_those_of_the_json_module(
    tmp_path, monkeypatch, rows, ascii_only, end, block_bytes
) -> None:
    text = end.join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
    (tmp_path / "log.jsonl").write_bytes(text.encode())
    monkeypatch.setattr("infnet_keras.data.raw.sources._CSV_BLOCK_BYTES", block_bytes)
    plain = is_plain(rows)
    refused = nullcontext() if plain else suppress(DataError)
    found: list[dict[str, Any]] = []
    with refused:
        found = read(RawFiles("log", tmp_path, Source(files="log.jsonl")))
    expected = [
        {
            path: spelt(value)
            for path, value in leaves(row)
            if value is not None and not isinstance(value, dict)
        }
        for row in rows
    ]
    if plain:
        assert len(found) == len(rows)
        for row, wanted in zip(found, expected, strict=True):
            # a column with a list in it holds lists: those of one element too
            assert {n: as_bytes(v) for n, v in row.items()} == {
                n: [v] if isinstance(row[n], list) and not isinstance(v, list) else v
                for n, v in wanted.items()
            }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"a": 1, "a": 2}', "line 2 has the key 'a' twice in one object"),
        (b'{"b": {"a": 1, "a": 1}}', "line 2 has the key 'a' twice in one object"),
        (b'{"b": {"a": 1}, "b.a": 1}', "'b.a' is both a key with dots in it and a path"),
        (b'{"\\ud800": 1}', r"has a key '\ud800', which is not UTF-8; say the `encoding`"),
        (b'{"\xff": 1}', r"has a key '\udcff', which is not UTF-8; say the `encoding`"),
        (b'{"a": "\\ud800"}', "'a' holds half a character"),
        (b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}", "nested too deeply"),
        (b'{"a": ' * 9000 + b"1" + b"}" * 9000, "line 2 is nested too deeply"),
        (b'{"a": 1}{"a": 2}', "line 2 is not JSON"),
        (b'{"a": 1}\r{"a": 2}', "line 2 is not JSON"),
        (b"[1]", "line 2 is no JSON object"),
    ],
    ids=range(11),
)
def test_what_cannot_be_read_is_said(tmp_path, line, said) -> None:
    (tmp_path / "log.jsonl").write_bytes(b'{"a": 0}\n' + line)
    with pytest.raises(DataError) as error:
        read(RawFiles("log", tmp_path, Source(files="log.jsonl")))
    assert said in str(error.value)
    assert "log.jsonl" in str(error.value)


def test_a_first_line_longer_than_what_is_sampled(tmp_path) -> None:
    row = {"items": list(range(400_000)), "user": "u"}
    (tmp_path / "log.jsonl").write_text(f"\n{json.dumps(row)}\n" * 2)
    files = RawFiles("log", tmp_path, Source(files="log.jsonl"))
    assert files.names(files.files[0]) == ["items", "user"]
    assert files.types() == {"items": "string", "user": "string"}
    blocks = files.blocks(["user"])
    assert [user for block in blocks for user in block.table["user"].to_pylist()] == ["u", "u"]
