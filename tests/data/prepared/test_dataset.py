"""The Keras view of a split."""

import importlib

import keras
import numpy as np
import pytest

from infnet_keras.data import PreparedData, prepare
from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.spec import spec_from_dict


@pytest.fixture
def prepared(tmp_path, content, write, split, three_days) -> PreparedData:
    prepare(spec_from_dict(content), write(log=three_days), tmp_path / "out", *split)
    return PreparedData.open(tmp_path / "out")


def small_model() -> keras.Model:
    user = keras.Input((), dtype="int32", name="user")
    item = keras.Input((), dtype="int32", name="item")
    view = keras.Input((3,), dtype="int32", name="view__item")
    click = keras.Input((2,), dtype="int32", name="click__item")
    embedded = [keras.layers.Embedding(20, 4)(ids) for ids in (user, item)]
    embedded += [
        keras.ops.mean(keras.layers.Embedding(20, 4)(ids), axis=1) for ids in (view, click)
    ]
    output = keras.layers.Dense(1, "sigmoid")(keras.ops.concatenate(embedded, axis=-1))
    inputs = {"user": user, "item": item, "view__item": view, "click__item": click}
    model = keras.Model(inputs, {"click": keras.ops.squeeze(output, -1)})
    model.compile("adam", {"click": "binary_crossentropy"})
    return model


def test_models_fit_and_predict(prepared) -> None:
    dataset = ImpressionDataset(prepared, "train", 3, shuffle=True)
    assert len(dataset) == dataset.num_batches == 2
    model = small_model()
    history = model.fit(dataset, epochs=2, shuffle=False, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert dataset.epoch >= 2  # a backend may take one more look
    test = ImpressionDataset(prepared, "test", 3)
    assert model.predict(test, verbose=0)["click"].shape == (4,)


def test_epochs_differ_and_hold_the_same(prepared) -> None:
    dataset = ImpressionDataset(prepared, "train", 4, shuffle=True, seed=1)
    orders = []
    for _ in range(5):
        inputs, labels = dataset[0]
        assert set(labels) == {"click"}
        orders.append(tuple(inputs["user"].tolist()))
        dataset.on_epoch_end()
    assert len(set(orders)) > 1
    assert len({tuple(sorted(order)) for order in orders}) == 1


def test_a_filled_last_batch_adds_nothing_but_padding(prepared) -> None:
    plain = ImpressionDataset(prepared, "train", 3)
    filled = ImpressionDataset(prepared, "train", 3, fill_last_batch=True)
    inputs, labels = filled[1]
    expected, known = plain[1]
    assert len(known["click"]) == 1
    for name, ids in inputs.items():
        assert len(ids) == 3
        np.testing.assert_array_equal(ids[:1], expected[name])
        assert not ids[1:].any()
    np.testing.assert_array_equal(labels["click"], [known["click"][0], np.nan, np.nan])


class SeenOnce(keras.metrics.Metric):
    """How many ids were predicted exactly once."""

    def __init__(self):
        super().__init__(name="seen_once")
        self.counts = self.add_variable((200,), "zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        ids = keras.ops.cast(keras.ops.round(keras.ops.reshape(y_pred, (-1,))), "int32")
        self.counts.assign_add(keras.ops.sum(keras.ops.one_hot(ids, 200), axis=0))

    def result(self):
        return keras.ops.sum(keras.ops.cast(self.counts == 1.0, "float32"))


class Order(keras.metrics.Metric):
    """A number that depends on the order of the batches' ids."""

    def __init__(self):
        super().__init__(name="order")
        self.value = self.add_variable((), "zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.value.assign(self.value / 2 + keras.ops.cast(keras.ops.sum(y_pred), "float32"))

    def result(self):
        return keras.ops.convert_to_tensor(self.value)


ITEMS = 120


@pytest.fixture
def many_shards(tmp_path, content, write, split, monkeypatch) -> PreparedData:
    """120 training impressions, each of an item of its own, in shards read one by one."""
    lines = [f"{n % 12},{n},{1000 + n},{n % 2}" for n in range(ITEMS)]
    lines += [f"{n},0,{86_400_000 * day},{n % 2}" for day in (1, 2) for n in range(3)]
    log = "user,item,time,clicked\n" + "\n".join(lines) + "\n"
    directory = tmp_path / "out"
    partitions, reader = map(
        importlib.import_module,
        ("infnet_keras.data.preparation.prepare", "infnet_keras.data.prepared.reader"),
    )
    monkeypatch.setattr(partitions, "ROWS_PER_PARTITION", 20)
    monkeypatch.setattr(reader, "WINDOW_EVENTS", 1)
    prepare(spec_from_dict(content), write(log=log), directory, *split)
    prepared = PreparedData.open(directory)
    assert sum(shard.impressions["train"] > 0 for shard in prepared.manifest.shards) >= 5
    return prepared


def item_model() -> keras.Model:
    """Predicts the item's id; not built before `fit`."""

    class ItemModel(keras.Model):
        def build(self, shapes):
            self.offset = self.add_weight((), "zeros")

        def call(self, inputs):
            return {"click": keras.ops.cast(inputs["item"], "float32") + 0.0 * self.offset}

    model = ItemModel()
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics={"click": [SeenOnce(), Order()]})
    return model


@pytest.mark.parametrize(
    ("shuffle", "fit_shuffle", "prefetch"),
    [(True, True, 0), (True, False, 0), (True, True, 3), (True, False, 1), (False, True, 3)],
)
def test_an_epoch_of_fit_sees_every_impression_once(
    many_shards, shuffle, fit_shuffle, prefetch
) -> None:
    loads = []
    dataset = ImpressionDataset(many_shards, "train", 7, shuffle=shuffle, prefetch=prefetch)
    load = dataset.reader._load

    def counted(shards):
        if dataset.reader._window is None or dataset.reader._window[0] != shards:
            loads.append(shards)
        return load(shards)

    dataset.reader._load = counted
    history = item_model().fit(dataset, shuffle=fit_shuffle, epochs=3, verbose=0).history
    assert history["seen_once"] == [ITEMS] * 3
    assert not shuffle or len(set(history["order"])) == 3
    # A shard is read once an epoch: a first look of Keras, or a thread too early, reads few more.
    shards = sum(shard.impressions["train"] > 0 for shard in many_shards.manifest.shards)
    assert len(loads) <= 3 * shards + 8


def test_an_order_follows_from_the_seed_where_keras_does_not_shuffle(many_shards) -> None:
    def orders(prefetch: int) -> list[float]:
        dataset = ImpressionDataset(many_shards, "train", 7, True, seed=4, prefetch=prefetch)
        return item_model().fit(dataset, shuffle=False, epochs=2, verbose=0).history["order"]

    assert orders(prefetch=0) == orders(prefetch=3)


@pytest.mark.parametrize(("shuffle", "fit_shuffle"), [(True, True), (True, False), (False, False)])
def test_steps_per_epoch_go_through_the_split_before_they_begin_again(
    many_shards, shuffle, fit_shuffle
) -> None:
    dataset = ImpressionDataset(many_shards, "train", 10, shuffle=shuffle)
    metric = SeenOnce()
    metric.reset_state = lambda: None  # counts over epochs
    model = item_model()
    model.compile(keras.optimizers.SGD(0.0), "mse", metrics={"click": [metric]})
    model.fit(dataset, shuffle=fit_shuffle, steps_per_epoch=4, epochs=3, verbose=0)
    assert float(keras.ops.convert_to_numpy(metric.result())) == ITEMS


def test_predictions_come_in_order_after_a_fit(many_shards) -> None:
    dataset = ImpressionDataset(many_shards, "train", 7)
    model = item_model()
    model.fit(dataset, epochs=1, steps_per_epoch=5, verbose=0)  # in random order, and left there
    expected = np.concatenate([dataset[i][0]["item"] for i in range(len(dataset))])
    np.testing.assert_array_equal(model.predict(dataset, verbose=0)["click"], expected)
    assert dataset[3][0]["item"].tolist() == expected[21:28].tolist()


def test_batches_are_read_while_the_model_runs(many_shards) -> None:
    """Four are there before they are asked for, and no more."""
    dataset = ImpressionDataset(many_shards, "train", 7, shuffle=True)
    read = dataset.reader.batch
    asked: list[int] = []
    dataset.reader.batch = lambda number, epoch: (asked.append(number), read(number, epoch))[1]
    dataset.on_epoch_begin()
    dataset[0]
    for future in list(dataset._prepared.values()):
        future.result()
    assert sorted(asked) == [0, 1, 2, 3, 4]
    dataset[1]
    for future in list(dataset._prepared.values()):
        future.result()
    assert sorted(asked) == [0, 1, 2, 3, 4, 5]
    dataset.on_epoch_end()
