"""Rows of an earlier table, by what they stand for."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from infnet_keras.features.numpy.encoder import Encoder
from infnet_keras.spec.tables import Table
from infnet_keras.training.warm_start.fitted_table import FittedTable
from infnet_keras.training.warm_start.row_map import NEW, row_map


def meanings(fitted: FittedTable) -> list[object]:
    """What each row stands for: a plain list, written without the map's arithmetic."""
    table = fitted.table
    found: list[object] = ["padding"]
    found += [("unknown", number, table.oov) for number in range(table.oov)]
    if table.missing == "own":
        found.append("missing")
    match table.kind:
        case "vocabulary":
            found += [("value", value) for value in fitted.vocabulary or ()]
        case "hash":
            found += [("bucket", number, table.hash) for number in range(table.hash or 0)]
        case "identity":
            found += [("number", number) for number in range(table.identity or 0)]
    return found


VALUES = [f"v{number}" for number in range(40)]


def drawn(random: np.random.Generator) -> FittedTable:
    kind = random.choice(["vocabulary", "vocabulary", "hash", "identity"])
    values = list(random.permutation(VALUES)[: random.integers(0, 40)])
    keys = {"missing": random.choice(["oov", "own"])}
    if kind == "vocabulary":
        table = Table(vocabulary={}, oov=int(random.integers(1, 3)), **keys)
        return FittedTable(table, values)
    if kind == "hash":
        return FittedTable(Table(hash=int(random.integers(3, 5)), **keys))
    return FittedTable(Table(identity=int(random.integers(1, 9)), **keys))


@pytest.mark.parametrize("seed", range(60))
def test_rows_go_by_what_they_stand_for(seed: int) -> None:
    random = np.random.default_rng(seed)
    earlier, now = drawn(random), drawn(random)
    place = {meaning: row for row, meaning in enumerate(meanings(earlier))}
    expected = [place.get(meaning, NEW) for meaning in meanings(now)]
    found = row_map(earlier, now)
    assert found.sources.tolist() == expected
    assert found.kept == sum(row != NEW for row in expected)
    assert found.initialised == expected.count(NEW)
    assert found.dropped == len(set(range(earlier.rows)) - set(expected))


def test_as_many_buckets_keep_their_places() -> None:
    earlier, now = (FittedTable(Table(quantiles=4), None, b) for b in ([1.0, 2.0, 3.0], [5, 6, 7]))
    assert row_map(earlier, now).sources.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        ([10.0, 20.0], [10.0, 15.0, 20.0]),
        ([10.0, 15.0, 20.0], [10.0, 20.0]),
        ([1.0], [10.0, 20.0, 30.0]),
        ([10.0, 20.0, 30.0], []),
        ([], [10.0, 20.0]),
    ],
)
def test_other_buckets_come_from_the_one_that_their_middle_lies_in(
    earlier: list[float], now: list[float]
) -> None:
    """By the encoder: the id that the earlier table gives to a number in the bucket's middle."""
    before = FittedTable(Table(quantiles=6), None, earlier)
    table = FittedTable(Table(quantiles=7), None, now)
    ends = [-1e6, *now, 1e6]
    middles = [-1e6, *((a + b) / 2 for a, b in pairwise(now))]
    middles += [1e6] if now else []
    assert len(middles) == len(ends) - 1
    expected = Encoder(before.table, None, earlier).encode(pa.array(middles, pa.float32()))
    found = row_map(before, table).sources
    assert found[:2].tolist() == [0, 1]
    assert found[2 : 2 + len(middles)].tolist() == expected.tolist()
    assert (found[2 + len(middles) :] == NEW).all()


def test_a_missing_number_has_its_row() -> None:
    before = FittedTable(Table(quantiles=3, missing="own"), None, [1.0, 2.0])
    now = FittedTable(Table(boundaries=[1.5], missing="own"), None, [1.5])
    assert row_map(before, now).sources.tolist() == [0, 1, 2, 3, 5]
