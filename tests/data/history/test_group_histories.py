"""Histories over all users against counting the log's rows one by one."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from infnet_keras.data import prepare
from infnet_keras.spec import spec_from_dict
from tests.data.conftest import log_content

DAY = 86_400_000
SPREAD = [0.5, 1.5, 2.5, 3.5, 5.5, 8.5]
RATES = [0.2, 0.4, 0.6, 0.8]


def derived(by: str, kind: str) -> dict[str, object]:
    block: dict[str, object] = {"sequence": "click", "by": by, "until": "day"}
    if kind == "history_rate":
        block |= {"of": "view", "prior": 0.5, "strength": 1}
    return {
        "side": "item",
        "boundaries": SPREAD if "count" in kind else RATES,
        "derive": {kind: block},
    }


@pytest.mark.parametrize("partitions", [1, 5])
def test_counts_equal_those_of_a_loop_over_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, partitions: int
) -> None:
    random = np.random.default_rng(4)
    rows = [
        (int(user), int(item), int(when), int(clicked))
        for user, item, when, clicked in zip(
            random.integers(0, 12, 300),
            random.integers(0, 6, 300),
            random.choice(5 * DAY, 300, replace=False),
            random.integers(0, 2, 300),
            strict=True,
        )
    ]
    past = [(user, user % 6, 0) for user in range(12)]
    raw = tmp_path / "raw"
    raw.mkdir()
    text = "\n".join(",".join(map(str, row)) for row in rows)
    (raw / "log.csv").write_text(f"user,item,time,clicked\n{text}\n")
    # Item 5 has no maker: its history by maker is nobody's.
    (raw / "items.csv").write_text(
        "item,maker\n" + "".join(f"{i},{'aabbc'[i : i + 1]}\n" for i in range(6))
    )
    history = tmp_path / "history.csv"
    history.write_text("user,item,pos,clicked\n" + "".join(f"{u},{i},{p},1\n" for u, i, p in past))
    content = log_content()
    content["sources"]["items"] = {"files": "items.csv", "join": "item"}
    content["fields"] |= {
        "item_clicks": derived("item", "history_count"),
        "item_rate": derived("item", "history_rate"),
        "maker_clicks": derived("maker", "history_count"),
    }
    module = import_module("infnet_keras.data.preparation.prepare")
    monkeypatch.setattr(module, "ROWS_PER_PARTITION", 400 // partitions)
    out = tmp_path / "out"
    spec = spec_from_dict(content)
    prepare(spec, raw, out, "1970-01-04", "1970-01-05", history=history)

    maker = dict(enumerate("aabbc"))
    expected = []
    for user, item, when, _ in rows:
        day = when // DAY
        before = [r for r in rows if r[2] // DAY < day]
        of_item = [r[3] for r in before if r[1] == item] + [1 for _, i, _ in past if i == item]
        clicks = sum(of_item)
        rate = (clicks + 0.5) / (len(of_item) + 1)
        of_maker = [r[3] for r in before if item in maker and maker.get(r[1]) == maker[item]]
        of_maker += [1 for _, i, _ in past if item in maker and maker.get(i) == maker[item]]
        expected.append(
            (
                user,
                when,
                2 + int(np.searchsorted(np.float32(SPREAD), clicks, side="right")),
                2 + int(np.searchsorted(np.float32(RATES), np.float32(rate), side="right")),
                2 + int(np.searchsorted(np.float32(SPREAD), sum(of_maker), side="right")),
            )
        )
    shards = [pq.read_table(path) for path in sorted((out / "shards").iterdir())]
    assert len(shards) > 1 or partitions == 1
    found = []
    for shard in shards:
        columns = [shard[n].to_numpy() for n in ("user", "split")]
        columns += [
            shard[f"ids:derived:{name}:{name}"].to_numpy()
            for name in ("item_clicks", "item_rate", "maker_clicks")
        ]
        found += [(int(u), *ids) for u, split, *ids in zip(*columns, strict=True) if split]
    # Shards hold each user's events in the order of time.
    by_time = [(user, *ids) for user, _, *ids in sorted(expected)]
    assert sorted(found, key=lambda row: row[0]) == by_time
