"""Logs of other shapes than one row an impression: the Beam job reads what `prepare` reads."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_equal_to_prepare import assert_equal

from infnet_keras.data import PreparedData, prepare
from infnet_keras.data.examples.manifest import ExamplesManifest
from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict

Content = dict[str, Any]
DAY = 86_400_000
SPLIT = {"valid_from": "1970-01-03", "test_from": "1970-01-04"}


def news_content() -> Content:
    """Several impressions in a row, and the history in a cell with what belongs to each item."""
    return {
        "name": "news",
        "sources": {
            "log": {
                "files": "behaviours_*.tsv",
                "delimiter": "\t",
                "time": {"column": "time"},
                "explode": {
                    "column": "impressions",
                    "separator": " ",
                    "into": ["news", "click"],
                    "part_separator": "-",
                },
            },
            "items": {"files": "news.csv", "join": "news"},
        },
        "keys": {"user": "user", "item": "news"},
        "tables": {"news": {"vocabulary": {}}, "kind": {"vocabulary": {}, "missing": "own"}},
        "fields": {
            "user": {"side": "user", "vocabulary": {}},
            "news": {"side": "item", "table": "news"},
            "kind": {"side": "item", "table": "kind"},
            "hour": {"side": "context", "derive": "hour_of_day"},
            "alike": {
                "side": "item",
                "boundaries": [1, 2, 3],
                "derive": {"history_count": {"sequence": "read", "same": "kind"}},
            },
        },
        "sequences": {
            "read": {
                "column": "history",
                "separator": " ",
                "length": 4,
                "attributes": {"news": "news", "kind": "kind"},
            },
            "seen": {"length": 3, "attributes": {"news": "news"}},
        },
        "tasks": {"click": {"label": "click"}},
    }


def write_news(raw: Path) -> None:
    """Two files of behaviours and one of news, of which some are missing."""
    random = np.random.default_rng(0)
    raw.mkdir()
    for file in range(2):
        lines = ["user\ttime\thistory\timpressions"]
        for number in range(80):
            history = " ".join(f"N{n}" for n in random.integers(0, 20, random.integers(0, 8)))
            shown = random.choice(20, random.integers(1, 6), replace=False)
            impressions = " ".join(f"N{n}-{random.integers(2)}" for n in shown)
            time = DAY * (80 * file + number) // 40
            lines.append(f"U{random.integers(9)}\t{time}\t{history}\t{impressions}")
        (raw / f"behaviours_{file}.tsv").write_text("\n".join(lines), "utf-8")
    news = "".join(f"N{n},{'' if n % 7 == 0 else f'k{n % 3}'}\n" for n in range(17))
    (raw / "news.csv").write_text("news,kind\n" + news, "utf-8")


@pytest.mark.parametrize("with_history", [False, True])
def test_impressions_in_a_row_and_a_history_in_a_cell(tmp_path, write, with_history) -> None:
    write_news(tmp_path / "raw")
    past = tmp_path / "past.csv"
    past.write_text("user,news\nU1,N3\nU1,N4\nU99,N5\n", "utf-8")
    history = past if with_history else None
    spec = spec_from_dict(news_content())
    prepare(spec, tmp_path / "raw", tmp_path / "prepared", **SPLIT, history=history)
    data = PreparedData.open(tmp_path / "prepared")
    write(
        spec,
        tmp_path / "raw",
        tmp_path / "examples",
        file_format="parquet",
        partitions=3,
        history=None if history is None else str(history),
        **SPLIT,
    )
    assert_equal(data, tmp_path / "examples")
    batch = data.reader("train", 10_000).batch(0)
    assert (batch.inputs["read__kind"] > 1).any()
    assert (batch.inputs["read__news"] == 0).any()


def sessions(rows: int = 60) -> pa.Table:
    """One row a session: lists of equal length, and a history with times, some of them later."""
    random = np.random.default_rng(1)
    found = []
    for number in range(rows):
        count, past = int(random.integers(0, 5)), int(random.integers(0, 6))
        start = DAY * 4 * number // rows
        found.append(
            {
                "uid": int(random.integers(8)),
                "item_id": random.integers(0, 15, count).tolist(),
                "timestamp": (start + np.sort(random.integers(0, 50, count))).tolist(),
                "liked": random.integers(0, 2, count).tolist(),
                "past_items": random.integers(0, 15, past).tolist(),
                "past_times": (start + random.integers(-40, 40, past)).clip(0).tolist(),
            }
        )
    lists = pa.list_(pa.int64())
    names = ("item_id", "timestamp", "liked", "past_items", "past_times")
    schema = pa.schema([("uid", pa.int64()), *((name, lists) for name in names)])
    return pa.Table.from_pylist(found, schema)


def test_a_row_a_session_with_times_in_its_history(tmp_path, write) -> None:
    (tmp_path / "raw").mkdir()
    pq.write_table(sessions(), tmp_path / "raw" / "log.parquet")
    spec = spec_from_dict(
        {
            "name": "sessions",
            "sources": {
                "log": {
                    "files": "log.parquet",
                    "time": {"column": "timestamp"},
                    "explode": {"columns": ["item_id", "timestamp", "liked"]},
                }
            },
            "keys": {"user": "uid", "item": "item_id"},
            "tables": {"item": {"vocabulary": {}}},
            "fields": {"item_id": {"side": "item", "table": "item"}},
            "sequences": {
                "past": {
                    "column": "past_items",
                    "times": "past_times",
                    "length": 3,
                    "attributes": {"item_id": "item"},
                }
            },
            "tasks": {"like": {"label": "liked"}},
        }
    )
    prepare(spec, tmp_path / "raw", tmp_path / "prepared", **SPLIT)
    data = PreparedData.open(tmp_path / "prepared")
    write(
        spec,
        tmp_path / "raw",
        tmp_path / "examples",
        file_format="parquet",
        partitions=2,
        **SPLIT,
    )
    assert_equal(data, tmp_path / "examples")
    later = data.manifest.history_events_later["past"]
    assert later > 0
    counters = ExamplesManifest.load(tmp_path / "examples").counters
    assert counters["history_events_later:past"] == later


def packed_content() -> Content:
    """Features packed in the log and in a joined file, rows in order."""
    packed = {
        "column": "features",
        "separator": "\x01",
        "id_separator": "\x02",
        "value_separator": "\x03",
    }
    return {
        "name": "packed",
        "sources": {
            "log": {
                "files": "log_*.csv",
                "time": {"row_order": "log"},
                "packed": {**packed, "rename": {"205": "item"}},
            },
            "common": {"files": "common.csv", "join": "key", "packed": packed},
        },
        "keys": {"user": "key", "item": "item"},
        "tables": {"item": {"vocabulary": {}}},
        "fields": {
            "item": {"side": "item", "table": "item"},
            "shop": {"side": "item", "column": "206", "hash": 20},
            "age": {"side": "user", "column": "121", "vocabulary": {}},
            "brands": {
                "side": "user",
                "column": "150_14",
                "vocabulary": {},
                "multivalue": "|",
                "max_values": 3,
            },
        },
        "sequences": {"click": {"when": "click == 1", "length": 3, "attributes": {"item": "item"}}},
        "tasks": {"click": {"label": "click"}},
    }


def cell(*features: tuple[str, Any]) -> str:
    return "\x01".join(f"{field}\x02{value}\x031.0" for field, value in features)


def write_packed(raw: Path) -> None:
    random = np.random.default_rng(2)
    raw.mkdir()
    for file in range(2):
        lines = ["click,key,features"]
        for _ in range(50):
            features = cell(("205", random.integers(9)), ("206", random.integers(4)))
            lines.append(f"{random.integers(2)},k{random.integers(5)},{features}")
        (raw / f"log_{file}.csv").write_text("\n".join(lines), "utf-8")
    lines = ["key,features"]
    for key in range(4):
        brands = [("150_14", brand) for brand in random.integers(0, 6, key)]
        lines.append(f"k{key},{cell(('121', key % 2), *brands)}")
    (raw / "common.csv").write_text("\n".join(lines), "utf-8")


def test_packed_features(tmp_path, write) -> None:
    write_packed(tmp_path / "raw")
    spec = spec_from_dict(packed_content())
    prepare(spec, tmp_path / "raw", tmp_path / "prepared", 0.6, 0.8)
    write(
        spec,
        tmp_path / "raw",
        tmp_path / "examples",
        file_format="parquet",
        partitions=3,
        valid_from=0.6,
        test_from=0.8,
    )
    assert_equal(PreparedData.open(tmp_path / "prepared"), tmp_path / "examples")


def test_a_row_that_cannot_be_taken_apart_is_told_in_the_same_sentence(tmp_path, write) -> None:
    write_news(tmp_path / "raw")
    path = tmp_path / "raw" / "behaviours_1.tsv"
    lines = path.read_text("utf-8").splitlines()
    lines[7] += " N5"
    path.write_text("\n".join(lines), "utf-8")
    spec = spec_from_dict(news_content())
    sentence = r"behaviours_1\.tsv: column 'impressions' holds 'N5' in row 7"
    with pytest.raises(DataError, match=sentence):
        prepare(spec, tmp_path / "raw", tmp_path / "prepared", **SPLIT)
    with pytest.raises(DataError, match=sentence):
        write(spec, tmp_path / "raw", tmp_path / "examples", partitions=2, **SPLIT)


def nested(rows: int = 80) -> pa.Table:
    """Fields of structs, lists of a fixed size and with nulls, booleans, float32 and uint64."""
    random = np.random.default_rng(4)

    def some(values: list[Any], kind: pa.DataType) -> pa.Array:
        return pa.array([None if random.random() < 0.1 else v for v in values], kind)

    pairs = random.integers(0, 5, (rows, 2)).tolist()
    words = [random.choice(["a", "b", "", None], 3).tolist() for _ in range(rows)]
    past = random.integers(0, 9, (rows, 3))
    at = [DAY * 4 * number // rows for number in range(rows)]
    spelt = {t: datetime.fromtimestamp(t / 1000, UTC).isoformat() for t in (1, *at)}
    before = [[spelt[1], spelt[time], spelt[1]] for time in at]
    return pa.table(
        {
            "user": random.integers(2**63, 2**63 + 5, rows, np.uint64),
            "item": random.integers(0, 9, rows),
            "time": pa.array(at, pa.timestamp("ms", "Asia/Tokyo")),
            "device": pa.array([{"os": {"name": f"o{p[0]}"}, "x": 1} for p in pairs]),
            "pair": pa.array(pairs, pa.list_(pa.int64(), 2)),
            "words": some(words, pa.list_(pa.string())),
            "liked": some(random.integers(0, 2, rows).astype(bool).tolist(), pa.bool_()),
            "score": some(random.random(rows).round(1).tolist(), pa.float32()),
            "past": pa.array(past.tolist(), pa.list_(pa.int64())),
            "past_times": pa.array(before),
        }
    )


def test_nested_columns(tmp_path, write) -> None:
    (tmp_path / "raw").mkdir()
    pq.write_table(nested(), tmp_path / "raw" / "log.parquet")
    parts = {"vocabulary": {}, "multivalue": ",", "max_values": 2}
    spec = spec_from_dict(
        {
            "name": "nested",
            "sources": {"log": {"files": "log.parquet", "time": {"column": "time"}}},
            "keys": {"user": "user", "item": "item"},
            "tables": {"item": {"vocabulary": {}}},
            "fields": {
                "user": {"side": "user", "vocabulary": {}},
                "item": {"side": "item", "table": "item"},
                "os": {"side": "context", "column": "device.os.name", "vocabulary": {}},
                "pair": {"side": "item", **parts},
                "words": {"side": "item", **parts, "missing": "own"},
            },
            "sequences": {
                "dear": {
                    "when": f"score >= 0.5 and user > {2**63} and `device.os.name` != 'o1'",
                    "length": 3,
                    "attributes": {"item": "item"},
                },
                "past": {
                    "column": "past",
                    "times": {"column": "past_times", "unit": "iso8601"},
                    "length": 3,
                    "attributes": {"item": "item"},
                },
            },
            "tasks": {
                "like": {"label": "liked", "mask": "score != 0.3"},
                "no": {"label": "liked == 0"},
                "high": {"label": "score > 0.7"},
            },
        }
    )
    prepare(spec, tmp_path / "raw", tmp_path / "prepared", **SPLIT)
    raw, out = tmp_path / "raw", tmp_path / "examples"
    write(spec, raw, out, file_format="parquet", partitions=2, **SPLIT)
    data = PreparedData.open(tmp_path / "prepared")
    assert_equal(data, tmp_path / "examples")
    assert data.manifest.history_events_later["past"] > 0
    batch = data.reader("train", 100).batch(0)
    assert set(np.unique(batch.labels["high"][~np.isnan(batch.labels["high"])])) == {0, 1}
    assert (batch.inputs["dear__item"] > 1).any()
    assert (batch.inputs["past__item"] > 1).any()
