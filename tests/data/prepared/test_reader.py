"""Epochs of batches."""

import importlib
from collections import Counter

import numpy as np
import pytest

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict

EVENTS = 600


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> PreparedData:
    """600 training impressions of 50 users in several shards; the item tells impressions apart."""
    directory = tmp_path_factory.mktemp("reader")
    spec = spec_from_dict(
        {
            "name": "reader",
            "sources": {"log": {"files": "log.csv", "time": {"row_order": "log"}}},
            "keys": {"user": "user", "item": "item"},
            "fields": {"item": {"side": "item", "identity": 10_000}},
            "tables": {"item_past": {"identity": 10_000}},
            "sequences": {
                "view": {"length": 4, "attributes": {"item": "item_past"}},
                "good": {"when": "good == 1", "length": 3, "attributes": {"item": "item_past"}},
            },
            "tasks": {"good": {"label": "good"}},
        }
    )
    random = np.random.default_rng(0)
    (directory / "log.csv").write_text(
        "user,item,good\n"
        + "".join(f"{random.integers(50)},{n},{random.integers(2)}\n" for n in range(EVENTS + 50))
    )
    with pytest.MonkeyPatch.context() as patch:
        module = importlib.import_module("infnet_keras.data.preparation.prepare")
        patch.setattr(module, "ROWS_PER_PARTITION", 100)
        fraction = EVENTS / (EVENTS + 50)
        prepare(spec, directory, directory / "out", fraction, fraction)
    data = PreparedData.open(directory / "out")
    assert len(data.manifest.shards) > 3
    return data


@pytest.fixture(params=[1, 250, 10**9], ids=["window of a shard", "of some", "of all"])
def window(request, monkeypatch) -> int:
    module = importlib.import_module("infnet_keras.data.prepared.reader")
    monkeypatch.setattr(module, "WINDOW_EVENTS", request.param)
    return request.param


def items(batches) -> list[int]:
    return [item for batch in batches for item in (batch.inputs["item"] - 2).tolist()]


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 7, 64, 10_000])
def test_every_impression_comes_once_an_epoch(prepared, window, shuffle, batch_size) -> None:
    reader = ImpressionReader(prepared, "train", batch_size, shuffle)
    batches = list(reader.batches(epoch=3))
    assert len(batches) == len(reader) == -(-EVENTS // batch_size)
    assert {len(batch.users) for batch in batches[:-1]} <= {batch_size}
    assert Counter(items(batches)) == Counter(range(EVENTS))


def test_an_order_follows_from_seed_and_epoch(prepared, window) -> None:
    def order(seed: int, epoch: int) -> list[int]:
        return items(ImpressionReader(prepared, "train", 50, True, seed).batches(epoch))

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


def test_batches_in_any_order_are_those_of_the_epoch(prepared, window) -> None:
    in_order = list(ImpressionReader(prepared, "train", 50, True).batches(2))
    reader = ImpressionReader(prepared, "train", 50, True)
    for index in np.random.default_rng(0).permutation(len(reader)).tolist():
        batch = reader.batch(index, epoch=2)
        assert items([batch]) == items([in_order[index]])
        for name, ids in batch.inputs.items():
            assert np.array_equal(ids, in_order[index].inputs[name])


def test_an_impression_keeps_its_history_and_label(prepared, window) -> None:
    def by_item(shuffle: bool) -> dict[int, tuple[object, ...]]:
        return {
            int(batch.inputs["item"][row]): (
                int(batch.users[row]),
                float(batch.labels["good"][row]),
                *(batch.inputs[f"{name}__item"][row].tobytes() for name in ("view", "good")),
            )
            for batch in ImpressionReader(prepared, "train", 32, shuffle).batches()
            for row in range(len(batch.users))
        }

    assert by_item(True) == by_item(False)


def test_unshuffled_impressions_come_by_user_and_time(prepared) -> None:
    [batch] = ImpressionReader(prepared, "train", 10**6).batches()
    runs = np.flatnonzero(np.diff(batch.users)) + 1
    assert len(runs) + 1 == len(np.unique(batch.users))
    for run in np.split(batch.inputs["item"], runs):
        assert (np.diff(run) > 0).all()


def test_types_and_shapes(prepared) -> None:
    batch = ImpressionReader(prepared, "test", 8).batch(0)
    assert {name: (ids.shape, ids.dtype) for name, ids in batch.inputs.items()} == {
        "item": ((8,), np.int32),
        "view__item": ((8, 4), np.int32),
        "good__item": ((8, 3), np.int32),
    }
    assert batch.labels["good"].dtype == np.float32
    assert batch.users.dtype == np.int64


def test_what_is_not_there_is_said(prepared) -> None:
    with pytest.raises(DataError, match="no impression in split 'valid'"):
        ImpressionReader(prepared, "valid", 8)
    with pytest.raises(IndexError):
        ImpressionReader(prepared, "train", 100).batch(6)


def test_one_user_with_a_hundred_thousand_events(tmp_path, content, write, split) -> None:
    count = 100_000
    content["sequences"]["view"]["length"] = 50
    content["fields"]["item"] = {"side": "item", "identity": count}
    content["tables"]["item"] = {"identity": count}
    content["fields"]["item"] = {"side": "item", "table": "item"}
    clicked = np.random.default_rng(0).integers(0, 2, count)
    log = "user,item,time,clicked\n" + "".join(
        f"only,{n},{1000 * n},{c}\n" for n, c in enumerate(clicked.tolist())
    )
    prepare(spec_from_dict(content), write(log=log), tmp_path / "out", *split)
    data = PreparedData.open(tmp_path / "out")
    assert data.manifest.users == 1
    last = ImpressionReader(data, "valid", 1000).batches()
    *_, batch = last
    assert (batch.inputs["item"][-1] - 2) == count - 1
    assert (batch.inputs["view__item"][-1] - 2).tolist() == list(range(count - 51, count - 1))
    latest = np.flatnonzero(clicked[:-1])[-2:]
    assert (batch.inputs["click__item"][-1] - 2).tolist() == latest.tolist()
