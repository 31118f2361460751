"""Counts, samples and what is fitted from them."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infnet_keras.data import PreparedData, prepare
from infnet_keras.data.preparation.statistics import NumberSample, ValueCounts
from infnet_keras.spec import spec_from_dict


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "b", "ä", None]), max_size=20), max_size=8))
def test_values_are_counted_over_several_batches(batches) -> None:
    counts = ValueCounts()
    for batch in batches:
        counts.add(pa.array(batch, pa.string()))
    table = counts.table()
    found = dict(zip(table["value"].to_pylist(), table["count"].to_pylist(), strict=True))
    assert found == Counter(value for batch in batches for value in batch if value is not None)


def test_few_numbers_are_split_exactly() -> None:
    sample = NumberSample(seed=0, size=1000)
    numbers = np.random.default_rng(0).permutation(100).astype(np.float32)
    sample.add(numbers[:60])
    sample.add(np.append(numbers[60:], np.nan))
    assert sample.boundaries(4) == [25.0, 50.0, 75.0]
    assert sample.boundaries(100) == [float(number) for number in range(1, 100)]


def test_equal_boundaries_are_merged_and_no_number_gives_none() -> None:
    sample = NumberSample(seed=0)
    assert sample.boundaries(10) == []
    sample.add(np.array([0] * 90 + [7] * 10))
    assert sample.boundaries(10) == [0.0, 7.0]


def test_many_numbers_are_sampled_evenly_and_reproducibly() -> None:
    def sampled() -> list[float]:
        sample = NumberSample(seed=3, size=20_000)
        for start in range(0, 400_000, 50_000):
            sample.add(np.arange(start, start + 50_000))
        return sample.boundaries(10)

    found = sampled()
    assert found == sampled()
    assert np.allclose(found, np.arange(1, 10) * 40_000, atol=4_000)


SOURCE = """user,item,time,clicked,words,price
1,b,1,0,x|y|x,1
1,a,2,0,y,2
2,b,3,1,,3
2,c,4,0,z|,4
3,a,5,0,"q\nr",
3,é,6,0,"two
lines|y",6
9,late,90000000,1,late,100
9,late,90000000,0,late,100
9,a,180000000,1,late,100
9,a,180000000,0,late,100
"""


@pytest.fixture
def fitted(tmp_path, content, write, split):
    content["sources"]["log"]["types"] = {"price": "float32"}
    content["tables"]["item"]["vocabulary"] = {"min_count": 1}
    content["fields"] |= {
        "words": {"side": "context", "vocabulary": {}, "multivalue": "|"},
        "price": {"side": "item", "quantiles": 5},
        "other": {"side": "item", "column": "item", "vocabulary": {"min_count": 2, "max_size": 1}},
    }
    prepare(spec_from_dict(content), write(log=SOURCE), tmp_path / "out", *split)
    return PreparedData.open(tmp_path / "out").assets


def test_vocabularies_hold_training_values_by_frequency_then_bytes(fitted) -> None:
    assert fitted.vocabularies["item"] == ["a", "b", "c", "é"]
    assert fitted.vocabularies["other"] == ["a"]


def test_parts_are_counted_and_values_with_newlines_left_out(fitted) -> None:
    assert fitted.vocabularies["words"] == ["y", "x", "z"]


def test_quantiles_come_from_training_impressions(fitted) -> None:
    assert fitted.boundaries["price"] == [2.0, 3.0, 4.0, 6.0]


def test_a_joined_value_counts_once_an_impression(tmp_path, content, write, split) -> None:
    content["sources"]["items"] = {"files": "items.csv", "join": "item"}
    content["tables"]["brand"] = {"vocabulary": {}}
    content["fields"]["brand"] = {"side": "item", "table": "brand"}
    content["fields"]["price"] = {"side": "item", "quantiles": 2}
    content["sequences"]["view"]["attributes"]["brand"] = "brand"
    log = "user,item,time,clicked\n" + "".join(
        f"1,{item},{item},{item % 2}\n" for item in [1, 2, 3, 3, 3]
    )
    items = "item,brand,price\n1,x,5\n2,x,6\n3,y,7\n4,unseen,8\n"
    prepare(spec_from_dict(content), write(log=log, items=items), tmp_path / "out", *split)
    assets = PreparedData.open(tmp_path / "out").assets
    assert assets.vocabularies["brand"] == ["y", "x"]
    assert assets.boundaries["price"] == [7.0]
