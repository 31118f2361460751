"""Behaviours from another log, against a slow and obvious reference, and logs without users."""

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.errors import DataError, SpecError
from infnet_keras.progress import Progress
from infnet_keras.spec import spec_from_dict

DAY = 86_400_000


def content_of() -> dict[str, Any]:
    return {
        "name": "purchases",
        "sources": {
            "log": {"files": "log.csv", "time": {"column": "time", "unit": "ms"}},
            "purchases": {
                "files": "purchases.csv",
                "time": {"column": "at", "unit": "iso8601", "timezone": "UTC"},
                "join": {"user": "who", "item": "sku"},
            },
            "items": {"files": "items.csv", "join": "item"},
        },
        "keys": {"user": "user", "item": "item"},
        "tables": {"item": {"identity": 100}, "paid": {"identity": 100}, "kind": {"identity": 9}},
        "fields": {
            "user": {"side": "user", "identity": 9},
            "item": {"side": "item", "table": "item"},
            "bought": {
                "side": "user",
                "boundaries": [1, 2, 3],
                "derive": {"history_count": {"sequence": "purchase"}},
            },
            "bought_before": {
                "side": "user",
                "boundaries": [1, 2, 3],
                "derive": {"history_count": {"sequence": "purchase", "until": "day"}},
            },
            "gap": {
                "side": "user",
                "boundaries": [1, 86_400],
                "derive": {"seconds_since": {"sequence": "purchase"}},
            },
            "sold": {
                "side": "item",
                "boundaries": [1, 2, 3],
                "derive": {"history_count": {"sequence": "purchase", "by": "item", "until": "day"}},
            },
        },
        "sequences": {
            "view": {"length": 3, "attributes": {"item": "item"}},
            "purchase": {
                "source": "purchases",
                "length": 3,
                "attributes": {"item": "item", "paid": "paid", "kind": "kind"},
            },
            "dear": {
                "source": "purchases",
                "when": "paid > 3",
                "length": 2,
                "attributes": {"item": "item"},
            },
        },
        "tasks": {"click": {"label": "clicked"}},
    }


class Event(NamedTuple):
    user: int
    item: int
    time: int
    paid: int | None = None  # of purchases


KINDS = {1: 4, 2: 5, 3: 6}
times = st.builds(
    lambda day, step: day * DAY + step, st.integers(0, 2), st.sampled_from([0, 1000, 2000, 7000])
)
views = st.lists(st.builds(Event, st.integers(1, 3), st.integers(1, 4), times), max_size=15)
purchases = st.lists(
    st.builds(Event, st.integers(1, 4), st.integers(1, 4), times, st.integers(1, 6)),
    max_size=15,
    unique_by=lambda event: (event.user, event.time),
)


def iso(time: int) -> str:
    return str(np.datetime64(time, "ms"))


def padded(ids: list[int], length: int) -> list[int]:
    return ids[-length:] + [0] * (length - len(ids))


def expected(log: list[Event], bought: list[Event]) -> list[str]:
    found = []
    for event in log:
        seen = [e for e in log if e.user == event.user and e.time < event.time]
        seen.sort(key=lambda e: e.time)
        past = [e for e in bought if e.user == event.user and e.time < event.time]
        past.sort(key=lambda e: e.time)
        dear = [e for e in past if e.paid > 3]
        days = [e for e in past if e.time // DAY < event.time // DAY]
        users = {e.user for e in log}
        sold = [
            e
            for e in bought
            if e.item == event.item and e.user in users and e.time // DAY < event.time // DAY
        ]
        gap = (event.time - past[-1].time) / 1000 if past else None
        inputs = {
            "user": event.user + 2,
            "item": event.item + 2,
            "bought": 2 + min(len(past), 3),
            "bought_before": 2 + min(len(days), 3),
            "gap": 1 if gap is None else 2 + (gap >= 1) + (gap >= 86_400),
            "sold": 2 + min(len(sold), 3),
            "view__item": padded([e.item + 2 for e in seen], 3),
            "purchase__item": padded([e.item + 2 for e in past], 3),
            "purchase__paid": padded([e.paid + 2 for e in past], 3),
            "purchase__kind": padded([KINDS.get(e.item, -1) + 2 for e in past], 3),
            "dear__item": padded([e.item + 2 for e in dear], 2),
        }
        found.append(str(sorted(inputs.items())))
    return sorted(found)


def read(data: PreparedData) -> list[str]:
    found = []
    for split in ("train", "valid", "test"):
        if data.count(split):
            for batch in ImpressionReader(data, split, 4).batches():
                for row in range(len(batch.users)):
                    inputs = {name: ids[row].tolist() for name, ids in batch.inputs.items()}
                    found.append(str(sorted(inputs.items())))
    return sorted(found)


@pytest.mark.parametrize("rows_per_partition", [3, 250_000])
@settings(
    max_examples=20,
    phases=[Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(log=views, bought=purchases)
def test_histories_of_another_log_equal_the_slow_reference(
    tmp_path_factory, monkeypatch, rows_per_partition, log, bought
) -> None:
    # Both classes in every split; instants differ, so that views have one order.
    log = [Event(user, 1, day * DAY, None) for day in range(3) for user in (1, 2)] + log
    log = [e._replace(time=e.time + 3 * n) for n, e in enumerate(log)]
    directory = tmp_path_factory.mktemp("log")
    (directory / "log.csv").write_text(
        "user,item,time,clicked\n"
        + "".join(f"{e.user},{e.item},{e.time},{n % 2}\n" for n, e in enumerate(log))
    )
    (directory / "purchases.csv").write_text(
        "who,sku,at,paid,time\n"
        + "".join(f"{e.user},{e.item},{iso(e.time)},{e.paid},-1\n" for e in bought)
        + f"5,1,{iso(0)},9,-1\n"  # of nobody in the log
    )
    items = "item,kind\n" + "".join(f"{item},{kind}\n" for item, kind in KINDS.items())
    (directory / "items.csv").write_text(items)
    module = import_module("infnet_keras.data.preparation.prepare")
    monkeypatch.setattr(module, "ROWS_PER_PARTITION", rows_per_partition)
    spec = spec_from_dict(content_of())
    prepare(spec, directory, directory / "out", "1970-01-02", "1970-01-03")
    data = PreparedData.open(directory / "out")
    assert read(data) == expected(log, bought)
    users = {e.user for e in log}
    assert data.manifest.event_rows == {"purchases": sum(e.user in users for e in bought)}
    assert data.manifest.history_rows == 0
    assert sum(data.manifest.impressions.values()) == len(log)


@pytest.fixture
def shop(tmp_path, write):
    """Prepare the purchases' spec with small files; returns what was prepared."""

    def prepared(content: dict[str, Any], **files: str) -> PreparedData:
        log = "user,item,time,clicked\n1,1,1000,1\n1,2,2000,0\n2,3,3000,1\n"
        files = {"log": log, "items": "item,kind\n1,4\n2,5\n3,6\n", **files}
        prepare(
            spec_from_dict(content), write(**files), tmp_path / "out", "1970-01-02", "1970-01-03"
        )
        return PreparedData.open(tmp_path / "out")

    return prepared


@pytest.mark.parametrize(
    ("purchases", "said"),
    [
        ("sku,at,paid\n1,1970-01-01,1\n", "'who', its `join`"),
        ("who,sku,paid\n1,1,1\n", "'at', its time"),
        ("who,sku,at\n1,1,1970-01-01\n", r"'paid' \(.*sequence"),
        ("who,sku,at,paid\n1,1,soon,1\n", "the time 'at' holds 'soon' in row 1"),
        ("who,sku,at,paid\n1,1,1970-01-01,dear\n", "'paid' holds the text 'dear'"),
    ],
)
def test_what_is_wrong_with_another_log_is_one_sentence(shop, purchases, said) -> None:
    content = content_of()
    content["tables"]["paid"] = {"hash": 9}
    with pytest.raises(DataError, match=said):
        shop(content, purchases=purchases)


def test_times_of_another_log_in_another_unit(shop) -> None:
    content = content_of()
    content["sources"]["purchases"]["time"] = {"column": "at"}
    with pytest.raises(DataError) as refused:
        shop(content, purchases="who,sku,at,paid\n1,1,1704067200,1\n1,2,1704153600,1\n")
    assert "purchases.csv is before 1971: the largest number in 'at'" in str(refused.value)
    assert str(refused.value).endswith("It looks like another spelling: say `unit: s`")


def test_a_table_that_impressions_cannot_fit(shop) -> None:
    content = content_of()
    content["tables"]["paid"] = {"vocabulary": {}}
    with pytest.raises(DataError, match="'paid' of sequence 'purchase' is only in source"):
        shop(content, purchases="who,sku,at,paid\n1,1,1970-01-01,1\n")


def test_one_log_gives_labels_and_history(shop) -> None:
    content = content_of()
    content["tasks"]["buy"] = {"label": {"found_in": "purchases"}}
    data = shop(content, purchases="who,sku,at,paid\n1,1,1970-01-01T00:00:01.500,5\n")
    batch = next(ImpressionReader(data, "train", 10).batches())
    assert batch.labels["buy"].tolist() == [1, 0, 0]  # the purchase of item 1 by user 1
    assert batch.inputs["purchase__item"].tolist() == [[0, 0, 0], [3, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["sequences"]["dear"].update(source="buys"), "there is no source 'buys'"),
        (lambda c: c["sources"]["purchases"].pop("time"), "need a `time` with a `column`"),
        (
            lambda c: c["sources"]["purchases"].update(time={"row_order": "log"}),
            "need a `time` with a `column`",
        ),
        (
            lambda c: c["sources"]["log"].update(time={"row_order": "log"}),
            "has only its row order: nothing says which come first",
        ),
        (
            lambda c: c["sources"]["items"].update(time={"column": "at"}),
            "`time` belongs to the log of impressions, log",
        ),
    ],
)
def test_what_the_spec_refuses(change, said) -> None:
    content = content_of()
    for name in ("bought_before", "sold", "gap"):
        content["fields"].pop(name)
    change(content)
    with pytest.raises(SpecError) as caught:
        spec_from_dict(content)
    assert said in str(caught.value)


# A log without users.


def without_user() -> dict[str, Any]:
    return {
        "name": "nobody",
        "sources": {"log": {"files": "log.csv", "time": {"row_order": "log"}}},
        "keys": {"item": "item"},
        "fields": {
            "item": {"side": "item", "vocabulary": {}},
            "place": {"side": "context", "hash": 10},
        },
        "tasks": {"click": {"label": "clicked"}},
        "splits": {"valid_from": 0.5, "test_from": 0.75},
    }


def test_a_log_without_users(tmp_path, write) -> None:
    rows = [f"{n % 7},p{n % 3},{n % 2}\n" for n in range(40)]
    raw = write(log="item,place,clicked\n" + "".join(rows))
    lines: list[str] = []
    spec = spec_from_dict(without_user())
    prepare(spec, raw, tmp_path / "out", 0.5, 0.75, progress=Progress(lines.append))
    data = PreparedData.open(tmp_path / "out")
    assert lines[-1].startswith("20 train, 10 valid, 10 test impressions in ")
    assert data.manifest.users == 0
    batch = next(ImpressionReader(data, "train", 100).batches())
    assert batch.labels["click"].tolist() == [n % 2 for n in range(20)]
    assert len(set(batch.users.tolist())) == 20  # nobody is known twice: gAUC has no group
    items = data.assets.vocabularies["item"]
    assert [items[i - 2] for i in batch.inputs["item"]] == [str(n % 7) for n in range(20)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda c: c.update(
                sequences={"view": {"length": 3, "attributes": {"item": "item"}}},
                tables={"item": {"hash": 9}},
            ),
            "`keys` names no user, and a history is a user's",
        ),
        (
            lambda c: c["fields"]["place"].update(side="user"),
            "`keys` names no user whose feature this could be",
        ),
        (
            lambda c: c["sources"]["log"].update(time={"row_order": "user"}),
            "`keys` names no user whose rows could be in order",
        ),
        (
            lambda c: c.update(evaluation={"gates": {"click": {"gauc": {"at_least": 0.5}}}}),
            "without a user in `keys` there is no gAUC",
        ),
    ],
)
def test_what_needs_a_user_is_refused(change, said) -> None:
    content = without_user()
    change(content)
    content["fields"]["item"] = {"side": "item", "hash": 9}
    content.get("tables", {}).pop("item", None)
    if "tables" in content:
        content["tables"] = {"items": {"hash": 9}}
        content["sequences"]["view"]["attributes"]["item"] = "items"
    with pytest.raises(SpecError) as caught:
        spec_from_dict(content)
    assert said in str(caught.value)


def test_a_history_needs_a_user(tmp_path, write) -> None:
    raw = write(log="item,place,clicked\n1,x,0\n2,y,1\n", past="item\n1\n")
    with pytest.raises(DataError, match="drop `--history`"):
        prepare(
            spec_from_dict(without_user()),
            raw,
            tmp_path / "out",
            1.0,
            1.0,
            history=raw / "past.csv",
        )
