"""Batches divided by the lengths of their histories."""

import importlib
from collections import Counter

import numpy as np
import pytest

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.data.prepared.length_buckets import (
    SHARES,
    LengthBuckets,
    levels_of,
    room_of,
    stratified_order,
)
from infnet_keras.spec import spec_from_dict

CONTENT = {
    "name": "buckets",
    "sources": {"log": {"files": "log.csv", "time": {"row_order": "log"}}},
    "keys": {"user": "user", "item": "item"},
    "fields": {"item": {"side": "item", "identity": 10_000}},
    "tables": {"past": {"identity": 10_000}, "tag": {"identity": 9}},
    "sequences": {
        "view": {
            "length": 40,
            "attributes": {
                "item": "past",
                "tags": {"table": "tag", "multivalue": "|", "max_values": 2},
            },
        },
        "good": {"when": "good == 1", "length": 3, "attributes": {"item": "past"}},
    },
    "tasks": {"good": {"label": "good"}},
}
EVENTS = 2000


def skewed_users(random: np.random.Generator, count: int, users: int) -> list[int]:
    """A few users have most of the events."""
    weights = 1.0 / np.arange(1, users + 1) ** 0.8
    return random.choice(users, count, p=weights / weights.sum()).tolist()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> PreparedData:
    """2,000 training impressions of 400 users in several shards, most with short histories."""
    directory = tmp_path_factory.mktemp("buckets")
    spec, random = spec_from_dict(CONTENT), np.random.default_rng(0)
    users = skewed_users(random, EVENTS + 50, 400)
    (directory / "log.csv").write_text(
        "user,item,tags,good\n"
        + "".join(f"{u},{n},{n % 7}|{n % 5},{n % 3 == 0:d}\n" for n, u in enumerate(users))
    )
    with pytest.MonkeyPatch.context() as patch:
        module = importlib.import_module("infnet_keras.data.preparation.prepare")
        patch.setattr(module, "ROWS_PER_PARTITION", 600)
        fraction = EVENTS / (EVENTS + 50)
        prepare(spec, directory, directory / "out", fraction, fraction)
    data = PreparedData.open(directory / "out")
    assert len(data.manifest.shards) > 3
    return data


@pytest.fixture(params=[1, 1500, 10**9], ids=["window of a shard", "of some", "of all"])
def window(request, monkeypatch) -> int:
    module = importlib.import_module("infnet_keras.data.prepared.reader")
    monkeypatch.setattr(module, "WINDOW_EVENTS", request.param)
    return request.param


def steps_of(values) -> np.ndarray:
    """Valid steps of each row, whatever the padding."""
    ids = values if values.ndim == 2 else values[..., 0]
    return np.count_nonzero(ids, axis=1)


def rows_of(inputs: dict) -> list[tuple]:
    """Every impression of a batch: its item and its histories without padding."""
    found = []
    parts = {n: v if isinstance(v, tuple) else (v,) for n, v in inputs.items() if n != "item"}
    histories = {
        name: [
            row[:count].tolist()
            for each in v
            for row, count in zip(each, steps_of(each), strict=True)
        ]
        for name, v in parts.items()
    }
    for row, item in enumerate(inputs["item"].tolist()):
        found.append((item, *(str(histories[name][row]) for name in histories)))
    return found


def test_a_level_is_the_first_whose_rooms_hold_every_history() -> None:
    random = np.random.default_rng(1)
    lengths = {"view": 30, "good": 5, "rare": 1}
    steps = {name: random.integers(0, n + 1, 500) for name, n in lengths.items()}
    found = levels_of(steps, lengths)
    for row in range(500):
        level = 0
        while any(steps[n][row] > np.ceil(SHARES[level] * lengths[n]) for n in lengths):
            level += 1
        assert found[row] == level
    assert set(found.tolist()) == set(range(len(SHARES)))
    assert room_of(1).tolist() == [1, 1, 1]


def test_any_run_of_an_order_has_its_share_of_each_level() -> None:
    random = np.random.default_rng(2)
    levels = random.choice(3, 2000, p=[0.7, 0.25, 0.05])
    order = stratified_order(levels, random)
    assert sorted(order.tolist()) == list(range(2000))
    share = np.bincount(levels) / 2000
    for size in (1, 10, 137, 1024):
        for start in random.integers(0, 2000 - size, 50):
            found = np.bincount(levels[order[start : start + size]], minlength=3)
            assert (np.abs(found - size * share) < 1 + 3 * share).all()


def test_within_a_level_an_order_is_any() -> None:
    """Every row comes at every place about as often: 30 rows, 3,000 orders."""
    levels = np.repeat([0, 1], [20, 10])
    random = np.random.default_rng(3)
    places = np.array([np.argsort(stratified_order(levels, random)) for _ in range(3000)])
    assert np.allclose(places.mean(axis=0), 14.5, atol=0.8)
    assert not np.array_equal(places[0], places[1])


@pytest.mark.parametrize("batch_size", [1, 64, 700, 5000])
def test_every_impression_comes_once_and_keeps_its_history(prepared, window, batch_size) -> None:
    [whole] = ImpressionReader(prepared, "train", EVENTS).batches()
    expected = Counter(rows_of(whole.inputs))
    dataset = ImpressionDataset(prepared, "train", batch_size, True, bucket_by_length=True)
    seen: Counter = Counter()
    for index in range(len(dataset)):
        inputs, labels = dataset[index]
        known = ~np.isnan(labels["good"])
        rows = rows_of(inputs)
        assert len(rows) == len(known) == min(batch_size, EVENTS)
        seen.update(row for row, is_known in zip(rows, known, strict=True) if is_known)
    assert seen == expected


def test_every_batch_has_the_same_shapes(prepared, window) -> None:
    dataset = ImpressionDataset(prepared, "train", 256, True, bucket_by_length=True)
    shapes = {
        str([(name, [part.shape for part in v]) for name, v in inputs.items() if name != "item"])
        for epoch in range(3)
        for inputs, _ in (dataset._read(index, epoch) for index in range(len(dataset)))
    }
    assert len(shapes) == 1
    buckets = dataset.reader.buckets
    assert sum(buckets.rows) == 256
    inputs, _ = dataset[0]
    assert [part.shape for part in inputs["view__tags"]] == [
        (rows, steps, 2)
        for rows, steps in zip(buckets.rows, buckets.steps["view__tags"], strict=True)
    ]


def test_less_is_padded(prepared) -> None:
    dataset = ImpressionDataset(prepared, "train", 500, True, bucket_by_length=True)
    inputs, _ = dataset[0]
    sequences = [values for name, values in inputs.items() if name != "item"]
    padded = sum(
        part[..., 0].size if part.ndim == 3 else part.size for v in sequences for part in v
    )
    assert padded < 0.75 * 500 * (40 + 40 + 3)


def test_an_order_follows_from_seed_and_epoch(prepared, window) -> None:
    def order(seed: int, epoch: int) -> list[int]:
        reader = ImpressionReader(prepared, "train", 50, True, seed, bucket_by_length=True)
        return [item for b in reader.batches(epoch) for item in b.inputs["item"].tolist()]

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


def test_a_batch_comes_alike_whenever_it_is_asked_for(prepared, window) -> None:
    in_order = list(ImpressionReader(prepared, "train", 50, True, bucket_by_length=True).batches(2))
    reader = ImpressionReader(prepared, "train", 50, True, bucket_by_length=True)
    for index in np.random.default_rng(0).permutation(len(reader)).tolist()[:20]:
        batch = reader.batch(index, epoch=2)
        for name, ids in batch.inputs.items():
            assert np.array_equal(ids, in_order[index].inputs[name])


def test_parts_of_any_mixture_fit() -> None:
    """Windows of random shards in stratified order, batches across two of them."""
    random, spec = np.random.default_rng(5), spec_from_dict(CONTENT)
    for _ in range(30):
        shards = [
            random.choice(3, random.integers(300, 900), p=random.dirichlet([4, 2, 1]))
            for _ in range(6)
        ]
        counts = np.array([np.bincount(levels, minlength=3) for levels in shards])
        buckets = LengthBuckets.of(spec, counts, 200, most_windows=2)
        levels = [room_of(40).tolist().index(steps) for steps in buckets.steps["view__item"]]
        room = np.repeat(levels, buckets.rows)
        order = random.permutation(6)
        windows = [np.concatenate([shards[n] for n in order[i : i + 3]]) for i in (0, 3)]
        stream = np.concatenate([w[stratified_order(w, random)] for w in windows])
        for start in range(0, len(stream) - 200, 37):
            assert (np.sort(stream[start : start + 200])[::-1] <= room).all()


def test_one_bucket_where_every_history_is_full() -> None:
    spec = spec_from_dict(CONTENT)
    buckets = LengthBuckets.of(spec, np.array([[0, 0, 90]]), 32, most_windows=1)
    assert buckets.rows == [32]
    assert buckets.steps["view__item"] == [40]
    assert LengthBuckets.of(spec, np.array([[90, 0, 0]]), 32, 1).steps["view__item"] == [5]


def test_a_history_that_does_not_fit_is_never_cut() -> None:
    buckets = LengthBuckets({"view": [4, 1]}, [1, 1])
    with pytest.raises(ValueError, match="view is longer than its bucket"):
        buckets.divide({"view": np.array([[5, 0, 0, 0], [5, 6, 0, 0]], np.int32)})


def test_unshuffled_batches_are_not_divided(prepared) -> None:
    with pytest.raises(ValueError, match="needs shuffle"):
        ImpressionReader(prepared, "train", 64, bucket_by_length=True)


def test_without_sequences_there_is_nothing_to_divide(tmp_path) -> None:
    spec = spec_from_dict({**CONTENT, "tables": {}, "sequences": {}})
    (tmp_path / "log.csv").write_text("user,item,tags,good\n" + "1,2,3,1\n1,3,3,0\n" * 9)
    prepare(spec, tmp_path, tmp_path / "out", 0.5, 0.5)
    data = PreparedData.open(tmp_path / "out")
    dataset = ImpressionDataset(data, "train", 4, True, bucket_by_length=True)
    assert dataset.reader.buckets is None
    assert dataset[0][0]["item"].shape == (4,)
