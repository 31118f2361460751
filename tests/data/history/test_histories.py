"""Prepared sequences against a slow and obvious reference, row by row."""

from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.spec import spec_from_dict

ZONE_OFFSET = 8 * 3_600_000  # Asia/Shanghai
DAY = 86_400_000
SPEC = spec_from_dict(
    {
        "name": "reference",
        "sources": {
            "log": {
                "files": "log.csv",
                "time": {"column": "time", "unit": "ms", "timezone": "Asia/Shanghai"},
                "deduplicate": True,
                "types": {"clicked": "int64", "liked": "int64", "place": "string"},
            },
            "items": {"files": "items.csv", "join": "item", "types": {"tags": "string"}},
        },
        "keys": {"user": "user", "item": "item"},
        "outcomes": ["clicked", "liked"],
        "tables": {
            "item": {"vocabulary": {}},
            "tag": {"vocabulary": {}, "missing": "own"},
            "place": {"hash": 50},
            "reaction": {"identity": 2},
        },
        "fields": {
            "user": {"side": "user", "vocabulary": {}},
            "item": {"side": "item", "table": "item"},
            "tags": {"side": "item", "table": "tag", "multivalue": "|", "max_values": 2},
            "place": {"side": "context", "table": "place"},
            "hour": {"side": "context", "derive": "hour_of_day"},
            "clicks": {
                "side": "user",
                "boundaries": [1, 2, 3, 4],
                "derive": {"history_count": {"sequence": "click"}},
            },
            "same_item": {
                "side": "item",
                "boundaries": [1, 2, 3],
                "derive": {"history_count": {"sequence": "view", "same": "item"}},
            },
            "same_tags": {
                "side": "item",
                "boundaries": [1, 2, 3],
                "derive": {"history_count": {"sequence": "like", "same": "tags"}},
            },
            "same_place": {
                "side": "context",
                "boundaries": [1, 2, 3],
                "derive": {"history_count": {"sequence": "view", "same": "place"}},
            },
            "same_rate": {
                "side": "item",
                "boundaries": [0.25, 0.5, 0.75],
                "derive": {
                    "history_rate": {
                        "sequence": "click",
                        "of": "day",
                        "same": "item",
                        "prior": 0.3,
                        "strength": 0.5,
                    }
                },
            },
            "gap": {
                "side": "user",
                "boundaries": [0.001, 0.002, 1, 86_400, 172_800],
                "derive": {"seconds_since": {"sequence": "click"}},
            },
            "day_rate": {
                "side": "user",
                "boundaries": [0.25, 0.5, 0.75],
                "derive": {"history_rate": {"sequence": "click", "of": "view", "until": "day"}},
            },
        },
        "sequences": {
            "view": {
                "length": 3,
                "attributes": {
                    "item": "item",
                    "tags": "tag",
                    "place": "place",
                    "liked": "reaction",  # an outcome, known of every event but this one
                },
            },
            "click": {"when": "clicked == 1", "length": 2, "attributes": {"item": "item"}},
            "day": {"until": "day", "length": 4, "attributes": {"item": "item"}},
            "like": {
                "when": "liked == 1 and not clicked == 1",
                "length": 2,
                "until": "day",
                "attributes": {"tags": "tag"},
            },
        },
        "tasks": {
            "click": {"label": "clicked"},
            "like": {"label": "liked", "mask": "clicked == 1"},
        },
    }
)
HASHED = ("place", "view__place")
TAGS = {1: "a|b", 2: "b||c|a", 3: "", 4: "c"}  # item 5 is in no row


class Event(NamedTuple):
    user: int
    item: int
    time: int
    clicked: int | None
    liked: int | None
    place: str | None


class Past(NamedTuple):
    """A row of the earlier history: a time-less event of which `liked` is unknown."""

    user: int
    item: int
    pos: int
    clicked: int | None


events = st.builds(
    Event,
    st.integers(1, 3),
    st.integers(1, 5),
    # Few instants, in three local days, so that many events share one.
    st.builds(
        lambda day, step: day * DAY - ZONE_OFFSET + 5 * DAY + step,
        st.integers(0, 2),
        st.sampled_from([0, 1, 2, DAY - 1]),
    ),
    st.sampled_from([0, 1, None]),
    st.sampled_from([0, 1]),
    st.sampled_from(["x", "y", None]),
)
pasts = st.builds(
    Past,
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(-100, -1),
    st.sampled_from([0, 1, None]),
)


def day_of(time: int) -> int:
    return (time + ZONE_OFFSET) // DAY


def expected_rows(
    log: list[Event], history: list[Past], split: str, data: PreparedData
) -> Counter[Any]:
    """Every impression of a split with its inputs and labels, by plain loops."""
    days = {"train": [5], "valid": [6], "test": [7]}[split]
    found: Counter[Any] = Counter()
    log = list(dict.fromkeys(log))  # exact repeats, first one kept
    for row, event in enumerate(log):
        if day_of(event.time) not in days:
            continue
        earlier: list[Event | Past] = sorted(
            (past for past in history if past.user == event.user), key=lambda past: past.pos
        )
        seeds = len(earlier)
        before = [
            (other.time, number, other)
            for number, other in enumerate(log)
            if other.user == event.user and other.time < event.time and number != row
        ]
        earlier += [other for _, _, other in sorted(before)]
        earlier_days = earlier[:seeds] + [
            other for other in earlier[seeds:] if day_of(other.time) < day_of(event.time)
        ]
        clicks = [e for e in earlier if e.clicked == 1]
        day_clicks = [e for e in earlier_days if e.clicked == 1]
        likes = [e for e in earlier_days if getattr(e, "liked", None) == 1 and e.clicked != 1]
        rate = len(day_clicks) / len(earlier_days) if earlier_days else None
        same_clicks = sum(e.item == event.item for e in clicks[-2:])
        same_days = sum(e.item == event.item for e in earlier_days[-4:])
        same_rate = np.float32((same_clicks + 0.5 * 0.3) / (same_days + 0.5))
        inputs = {
            "user": vocabulary_id(data, "user", event.user),
            "item": vocabulary_id(data, "item", event.item),
            "tags": tag_ids(data, event.item),
            **dict.fromkeys(HASHED),  # hashing is the encoder's business
            "hour": 2 + (event.time + ZONE_OFFSET) % DAY // 3_600_000,
            "clicks": 2 + min(len(clicks), 4),
            "day_rate": 1 if rate is None else 2 + sum(rate >= b for b in (0.25, 0.5, 0.75)),
            "view__item": padded([vocabulary_id(data, "item", e.item) for e in earlier], 3, 0),
            "view__tags": padded([tag_ids(data, e.item) for e in earlier], 3, (0, 0)),
            "view__liked": padded([reaction_id(e) for e in earlier], 3, 0),
            "click__item": padded([vocabulary_id(data, "item", e.item) for e in clicks], 2, 0),
            "gap": gap_id(event, clicks),
            "same_item": 2 + min(sum(e.item == event.item for e in earlier[-3:]), 3),
            "same_tags": 2 + sum(bool(tag_set(e.item) & tag_set(event.item)) for e in likes[-2:]),
            "same_place": 2 + sum(same_place(e, event) for e in earlier[-3:]),
            "same_rate": 2 + sum(bool(same_rate >= b) for b in (0.25, 0.5, 0.75)),
            "day__item": padded([vocabulary_id(data, "item", e.item) for e in earlier_days], 4, 0),
            "like__tags": padded([tag_ids(data, e.item) for e in likes], 2, (0, 0)),
        }
        labels = {"click": event.clicked, "like": event.liked if event.clicked == 1 else None}
        found[repr((event.user, sorted(inputs.items()), labels))] += 1
    return found


def vocabulary_id(data: PreparedData, table: str, value: int) -> int:
    values = data.assets.vocabularies[table]
    return 2 + values.index(str(value)) if str(value) in values else 1


def tag_ids(data: PreparedData, item: int) -> tuple[int, ...]:
    parts = [part for part in TAGS.get(item, "").split("|") if part][:2]
    values = data.assets.vocabularies["tag"]
    ids = [3 + values.index(part) if part in values else 1 for part in parts] or [2]
    return tuple(([*ids, 0, 0])[:2])


def gap_id(event: Event, clicks: list[Event | Past]) -> int:
    """Of the time since the latest click; events from before the log have none."""
    if not clicks or isinstance(clicks[-1], Past):
        return 1
    seconds = np.float32((event.time - clicks[-1].time) / 1000)
    return 2 + sum(bool(seconds >= np.float32(b)) for b in (0.001, 0.002, 1, 86_400, 172_800))


def reaction_id(event: Event | Past) -> int:
    """The history's file has no such column: a missing value."""
    return 1 if isinstance(event, Past) else 2 + (event.liked or 0)


def tag_set(item: int) -> set[str]:
    """The values of an item that count, the first two."""
    return set([part for part in TAGS.get(item, "").split("|") if part][:2])


def same_place(earlier: Event | Past, event: Event) -> bool:
    place = getattr(earlier, "place", None)
    return place is not None and place == event.place


def padded(ids: list[Any], length: int, padding: Any) -> list[Any]:
    ids = ids[-length:]
    return ids + [padding] * (length - len(ids))


def read_rows(data: PreparedData, split: str) -> Counter[Any]:
    found: Counter[Any] = Counter()
    if not data.count(split):
        return found
    for batch in ImpressionReader(data, split, 3).batches():
        for row, user in enumerate(batch.users.tolist()):
            inputs = {
                name: None if name in HASHED else plain(name, batch.inputs[name][row].tolist())
                for name in (*SPEC.fields, *(f.name for f in SPEC.sequence_features))
            }
            labels = {
                task: None if np.isnan(values[row]) else int(values[row])
                for task, values in batch.labels.items()
            }
            found[repr((user, sorted(inputs.items()), labels))] += 1
    return found


def plain(name: str, value: Any) -> Any:
    """The several values of one event as a tuple."""
    if name == "tags":
        return tuple(value)
    return [tuple(step) for step in value] if name.endswith("__tags") else value


def write_log(directory: Path, log: list[Event], history: list[Past]) -> None:
    schema = pa.schema([(n, pa.string() if n == "place" else pa.int64()) for n in Event._fields])
    table = pa.Table.from_pylist([event._asdict() for event in log], schema)
    pa.csv.write_csv(table, directory / "log.csv")
    items = "item,tags\n" + "".join(f"{item},{tags}\n" for item, tags in TAGS.items())
    (directory / "items.csv").write_text(items)
    schema = pa.schema([(name, pa.int64()) for name in Past._fields])
    pq.write_table(
        pa.Table.from_pylist([past._asdict() for past in history], schema),
        directory / "history.parquet",
    )


@pytest.mark.parametrize("rows_per_partition", [2, 250_000])
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    log=st.lists(events, min_size=1, max_size=25),
    # Rows of one user have distinct positions, or their order would be anybody's guess.
    history=st.lists(pasts, max_size=12, unique_by=lambda past: (past.user, past.pos)),
    repeats=st.lists(st.integers(0, 100), max_size=4),
)
def test_sequences_equal_the_slow_reference(
    tmp_path_factory, monkeypatch, rows_per_partition, log, history, repeats
) -> None:
    # Something to train on, and both classes in every split.
    days = [day * DAY - ZONE_OFFSET for day in (5, 6, 7)]
    log = [Event(5, 1, day, clicked, 1, "x") for day in days for clicked in (1, 0)] + log
    log += [log[number % len(log)] for number in repeats]
    directory = tmp_path_factory.mktemp("log")
    write_log(directory, log, history)
    monkeypatch.setattr(
        import_module("infnet_keras.data.preparation.prepare"),
        "ROWS_PER_PARTITION",
        rows_per_partition,
    )
    prepare(
        SPEC,
        directory,
        directory / "out",
        "1970-01-07",
        "1970-01-08",
        history=directory / "history.parquet",
    )
    data = PreparedData.open(directory / "out")
    for split in ("train", "valid", "test"):
        assert read_rows(data, split) == expected_rows(log, history, split, data)
    assert data.manifest.duplicates_dropped == len(log) - len(set(log))
