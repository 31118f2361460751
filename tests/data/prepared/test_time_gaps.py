"""The time from steps to impressions, in prepared data and requests, against plain Python."""

from bisect import bisect_right
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.features import RowTransform
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.spec import spec_from_dict

BOUNDARIES = [1, 60, 3600, 86_400]
UNKNOWN, FIRST = 1, 2
DAY = 86_400_000
SPEC = spec_from_dict(
    {
        "name": "gaps",
        "sources": {
            "log": {
                "files": "log.csv",
                "time": {"column": "time", "unit": "ms"},
                "types": {"clicked": "int64"},
            },
            "buys": {"files": "buys.csv", "time": {"column": "at", "unit": "ms"}},
        },
        "keys": {"user": "user", "item": "item"},
        "tables": {"item": {"identity": 9}, "gap": {"boundaries": BOUNDARIES}},
        "fields": {
            "user": {"side": "user", "identity": 9},
            "item": {"side": "item", "table": "item"},
            "row": {"side": "context", "identity": 100},
        },
        "sequences": {
            "view": {"length": 3, "attributes": {"item": "item"}, "time_gap": "gap"},
            "click": {
                "when": "clicked == 1",
                "until": "day",
                "length": 2,
                "attributes": {"item": "item"},
                "time_gap": "gap",
            },
            "buy": {
                "source": "buys",
                "length": 2,
                "attributes": {"item": "item"},
                "time_gap": "gap",
            },
            "plain": {"length": 2, "attributes": {"item": "item"}},
        },
        "tasks": {"click": {"label": "clicked"}},
    }
)


def draw_log(seed=0):
    """Events (user, item, time, clicked, row), in the log's order, some at one instant."""
    random = np.random.default_rng(seed)
    ago = np.round(10 ** random.uniform(0, 8.2, 80)).astype(int)
    times = [int(t) for t in 5 * DAY - ago]
    times[7] = times[8] = times[9]
    users, items = random.integers(0, 3, 80).tolist(), random.integers(0, 9, 80).tolist()
    rows = zip(users, items, times, strict=True)
    return [(u, i, t, row % 2, row) for row, (u, i, t) in enumerate(rows)]


@pytest.fixture(scope="module")
def log():
    return draw_log()


@pytest.fixture(scope="module")
def buys():
    return [row[:3] for row in draw_log(seed=1)]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, log, buys) -> PreparedData:
    raw: Path = tmp_path_factory.mktemp("gaps")
    lines = ["user,item,time,clicked,row", *(",".join(map(str, row)) for row in log)]
    (raw / "log.csv").write_text("\n".join(lines) + "\n")
    lines = ["user,item,at", *(",".join(map(str, row)) for row in buys)]
    (raw / "buys.csv").write_text("\n".join(lines) + "\n")
    # Events without a time, before all others.
    past = pa.table({"user": [0, 0, 1], "item": [1, 2, 3], "clicked": [1, 1, 1]})
    pq.write_table(past, raw / "past.parquet")
    prepare(SPEC, raw, raw / "out", 0.8, 0.9, history=raw / "past.parquet")
    return PreparedData.open(raw / "out")


def expected(log, buys, impression):
    """For each behaviour the seconds of its latest steps, None where nobody knows them."""
    user, _, now, *_ = impression
    past = [None] * [0, 0, 1].count(user)
    today = now // DAY * DAY
    found = {
        "view": past + sorted(t for u, _, t, *_ in log if u == user and t < now),
        "click": past + sorted(t for u, _, t, c, _ in log if u == user and t < today and c),
        "buy": sorted(t for u, _, t in buys if u == user and t < now),
    }
    return {
        name: [None if t is None else (now - t) // 1000 for t in times][
            -SPEC.sequences[name].length :
        ]
        for name, times in found.items()
    }


def ids_of(seconds, length):
    ids = [UNKNOWN if s is None else FIRST + bisect_right(BOUNDARIES, s) for s in seconds]
    return ids + [0] * (length - len(ids))


def test_prepared_histories_hold_the_bucket_of_each_gap(prepared, log, buys):
    seen = []
    for split in ("train", "valid", "test"):
        inputs = ImpressionReader(prepared, split, 1000).batch(0).inputs
        assert "plain__time_gap" not in inputs
        rows = inputs["row"] - SPEC.all_tables["row"].first_value_id
        for place, row in enumerate(rows):
            for name, seconds in expected(log, buys, log[row]).items():
                wanted = ids_of(seconds, SPEC.sequences[name].length)
                assert inputs[f"{name}__time_gap"][place].tolist() == wanted, (name, row)
        seen += rows.tolist()
    assert sorted(seen) == list(range(len(log)))


def test_requests_hold_the_seconds(prepared, log, buys):
    raw = prepared.raw_examples
    ids = RowTransform(prepared.spec, prepared.assets)(raw)
    assert raw["row"]
    for place, row in enumerate(raw["row"]):
        for name, seconds in expected(log, buys, log[row]).items():
            count, length = raw[f"{name}__length"][place], SPEC.sequences[name].length
            given = raw[f"{name}__time_gap"][place][:count]
            assert [None if s == MISSING_INTEGER else s for s in given] == seconds, (name, row)
            assert ids[f"{name}__time_gap"][place].tolist() == ids_of(seconds, length)
