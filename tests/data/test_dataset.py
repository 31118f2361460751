"""The Keras view of a split."""

import keras
import numpy as np
import pytest

from infnet_keras.data import PreparedData, prepare
from infnet_keras.data.dataset import ImpressionDataset
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
