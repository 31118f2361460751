"""Joins: keys of several columns and of different names, and keys that are not found."""

import numpy as np
import pyarrow as pa
import pytest

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.data.raw.joins.key_index import KeyIndex
from infnet_keras.errors import DataError, SpecError
from infnet_keras.progress import Progress
from infnet_keras.spec import spec_from_dict

LOG = "user,item,time,clicked,day\n1,7,1,1,mon\n1,8,2,0,mon\n2,7,3,1,tue\n2,9,4,0,tue\n"


@pytest.fixture
def brands(tmp_path, content, write, split):
    """Prepare a log joined to `items` for the identity field `brand`; returns its ids less 2."""

    def prepared(lines=None, **files: str) -> list[int]:
        content["fields"]["brand"] = {"side": "item", "identity": 100, "missing": "oov"}
        progress = None if lines is None else Progress(lines.append)
        spec = spec_from_dict(content)
        prepare(spec, write(**files), tmp_path / "out", *split, progress=progress)
        data = PreparedData.open(tmp_path / "out")
        batch = next(ImpressionReader(data, "train", 1000).batches())
        return (batch.inputs["brand"] - 2).tolist()

    content["sources"]["items"] = {"files": "items.csv", "join": "item"}
    content["fields"].pop("brand", None)
    return prepared


def test_keys_of_different_names(content, brands) -> None:
    content["sources"]["items"]["join"] = {"item": "sku"}
    assert brands(log=LOG, items="sku,brand,item\n7,1,8\n8,2,9\n9,3,7\n") == [1, 2, 1, 3]


def test_a_key_that_the_log_has_under_another_meaning(content, brands) -> None:
    content["sources"]["items"]["join"] = {"item": "day"}  # there, `day` is the item's number
    assert brands(log=LOG, items="day,brand\n7,1\n8,2\n9,3\n") == [1, 2, 1, 3]


def test_a_key_called_as_a_column_is_kept(content, brands) -> None:
    content["sources"]["items"]["join"] = {"item": "kept:brand"}
    assert brands(log=LOG, items="kept:brand,brand\n7,1\n8,2\n9,3\n") == [1, 2, 1, 3]


def test_several_keys(content, brands) -> None:
    content["sources"]["items"]["join"] = {"item": "item", "day": "weekday"}
    items = "item,weekday,brand\n7,mon,1\n7,tue,2\n8,mon,3\n9,mon,4\n,tue,5\n"
    assert brands(log=LOG, items=items) == [1, 3, 2, -1]


def test_a_repeated_key_of_several_columns(content, brands) -> None:
    content["sources"]["items"]["join"] = ["item", "day"]
    with pytest.raises(DataError) as caught:
        brands(log=LOG, items="item,day,brand\n7,mon,1\n8,mon,2\n7,mon,3\n")
    said = "item 7, day 'mon' occurs more than once, and 'brand' differs; keep one row a key"
    assert said in str(caught.value)


def test_a_missing_value_differs_from_another(content, brands) -> None:
    for one, other in (("", "1"), ("1", "")):
        with pytest.raises(DataError, match="'brand' differs"):
            brands(log=LOG, items=f"item,brand\n7,{one}\n8,2\n9,3\n7,{other}\n")


def test_equal_rows_of_one_key_are_one(content, brands) -> None:
    """Files that overlap repeat rows; columns that nothing reads may differ."""
    items = "item,brand,title\n7,1,a\n8,,b\n9,3,c\n7,1,d\n8,,b\n"
    assert brands(log=LOG, items=items) == [1, -1, 1, 3]


@pytest.mark.parametrize(("again", "is_one"), [("p|q", True), ("q|p", False), ("", False)])
def test_repeated_rows_with_lists(content, brands, again: str, is_one: bool) -> None:
    content["fields"]["tags"] = {"side": "item", "multivalue": "|", "vocabulary": {}}
    items = f"item,brand,tags\n7,1,p|q\n8,2,\n9,3,q\n7,1,{again}\n"
    if is_one:
        assert brands(log=LOG, items=items) == [1, 2, 1, 3]
    else:
        with pytest.raises(DataError, match="item 7 occurs more than once, and 'tags' differs"):
            brands(log=LOG, items=items)


def test_a_key_that_is_text_in_one_of_the_files(content, brands) -> None:
    """Where one side is text, keys are compared as text: 007 is not 7."""
    content["sources"]["items"]["misses"] = "allowed"
    assert brands(log=LOG, items="item,brand\n007x,1\n8,2\n9,3\n") == [-1, 2, -1, 3]


LACKS = "source 'items': {} of 200 impressions{} have a key that it lacks"


def many(rows: int) -> str:
    return "user,item,time,clicked\n" + "".join(f"1,{n},{n},{n % 2}\n" for n in range(rows))


@pytest.mark.parametrize(
    ("known", "line"),
    [
        (200, LACKS.format(0, "")),
        (198, LACKS.format(2, " (1.00 %)")),  # 1 %
        (197, f"warning: {LACKS.format(3, ' (1.50 %)')}, item 197 for one"),
        (2, f"warning: {LACKS.format(198, ' (99.00 %)')}, item 2 for one"),  # 99 %
    ],
)
def test_misses_are_counted_and_warned_of(brands, known, line) -> None:
    lines: list[str] = []
    items = "item,brand\n" + "".join(f"{n},{n % 50}\n" for n in range(known))
    brands(lines, log=many(200), items=items)
    assert line in lines


def test_a_join_that_cannot_be_meant(content, brands) -> None:
    log = many(200).replace("\n1,", "\nu1,").replace(",0,0,", ",i0,0,")
    items = "item,brand\nI1,3\n"
    with pytest.raises(DataError) as caught:
        brands(log=log, items=items)
    assert str(caught.value) == (
        "source 'items': 200 of 200 impressions (100.00 %) have a key that it lacks: the log has "
        "item 'i0', the source has item 'I1'. Look for other types (`types` in both sources), "
        "leading zeros, blanks or a prefix, and at the columns that `join` names; if it is meant, "
        "say `misses: allowed` for the source"
    )
    content["sources"]["items"]["misses"] = "allowed"
    assert brands(log=log, items=items) == [-1] * 200


def test_an_empty_source_and_a_key_that_is_never_there(content, brands) -> None:
    with pytest.raises(DataError, match="the source has no item at all"):
        brands(log=LOG, items="item,brand\n,1\n")
    content["sources"]["items"]["join"] = {"place": "item"}
    with pytest.raises(DataError, match="the log has no place at all"):
        brands(
            log=LOG.replace("day", "place").replace("mon", "").replace("tue", ""),
            items="item,brand\nx,1\n",
        )


@pytest.mark.parametrize(
    ("join", "said"),
    [
        ([], "give at least one column, and each once"),
        (["item", "item"], "give at least one column, and each once"),
        ({"item": "a", "user": "a"}, "give at least one column, and each once"),
        ("", "give at least one column, and each once"),
    ],
)
def test_what_is_no_join(content, join, said) -> None:
    content["sources"]["items"] = {"files": "items.csv", "join": join}
    with pytest.raises(SpecError, match=said):
        spec_from_dict(content)


def test_different_types_of_one_key(content, brands) -> None:
    content["sources"]["log"]["types"] = {"item": "int64"}
    content["sources"]["items"] |= {"join": {"item": "sku"}, "types": {"sku": "string"}}
    with pytest.raises(DataError, match="declare different types for their key 'item'"):
        brands(log=LOG, items="sku,brand\n7,1\n")


def test_a_column_that_join_names_and_the_source_lacks(content, brands) -> None:
    content["sources"]["items"]["join"] = {"item": "sku"}
    with pytest.raises(DataError) as caught:
        brands(log=LOG, items="skus,brand\n7,1\n")
    assert "source 'items' has no column 'sku', its `join`; did you mean 'skus'?" in str(
        caught.value
    )


def test_keys_of_several_columns_are_found_as_a_dict_finds_them() -> None:
    random = np.random.default_rng(0)

    def columns(rows: int) -> list[pa.Array]:
        numbers = [None if n == 0 else int(n) for n in random.integers(0, 6, rows)]
        words = [None if n == 0 else f"w{n}" for n in random.integers(0, 6, rows)]
        flags = [int(n) for n in random.integers(0, 2, rows)]
        return [pa.array(numbers, pa.int64()), pa.array(words), pa.array(flags)]

    there, asked = columns(60), columns(500)
    known: dict[tuple[object, ...], int] = {}
    for row, key in enumerate(zip(*(c.to_pylist() for c in there), strict=True)):
        if None not in key:
            known.setdefault(key, row)
    expected = [known.get(key, -1) for key in zip(*(c.to_pylist() for c in asked), strict=True)]
    index = KeyIndex(there)
    assert index.rows(asked).tolist() == expected
    keys = zip(*(c.to_pylist() for c in there), strict=True)
    firsts = {row: known[key] for row, key in enumerate(keys) if None not in key}
    again = {row: first for row, first in firsts.items() if row != first}
    assert again
    assert dict(zip(*(rows.tolist() for rows in index.repeats()), strict=True)) == again
