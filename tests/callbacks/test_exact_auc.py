"""AUC and gAUC in the logs of any model's fit."""

import keras
import numpy as np
import pytest

from infnet_keras import ImpressionDataset, from_spec
from infnet_keras.callbacks import ExactAUC
from infnet_keras.data import PreparedData, generate, prepare
from infnet_keras.errors import DataError
from infnet_keras.evaluation import predict_split
from infnet_keras.metrics import auc, grouped_auc
from infnet_keras.spec import load_spec

pytestmark = pytest.mark.usefixtures("uncompiled")

ROWS = 240


@pytest.fixture
def rows():
    """Inputs, labels of two tasks, a few missing, and users."""
    draws = np.random.default_rng(0)
    x = draws.normal(size=(ROWS, 3)).astype("float32")
    click = (x[:, 0] + draws.normal(size=ROWS) > 0).astype("float32")
    like = (x[:, 1] + draws.normal(size=ROWS) > 1).astype("float32")
    like[::7] = np.nan
    return x, {"click": click, "like": like}, draws.integers(0, 12, ROWS)


class Batches(keras.utils.PyDataset):
    """The rows in batches of 50: the last one is smaller."""

    def __init__(self, x, labels, users=None):
        super().__init__()
        self.x, self.labels, self.users = x, labels, users

    def __len__(self):
        return -(-ROWS // 50)

    def __getitem__(self, index):
        part = slice(index * 50, index * 50 + 50)
        inputs = {"x": self.x[part]}
        if self.users is not None:
            inputs["user"] = self.users[part]
        return inputs, {task: labels[part] for task, labels in self.labels.items()}


def two_task_model():
    inputs = {"x": keras.Input((3,), name="x"), "user": keras.Input((), name="user", dtype="int64")}
    outputs = {
        task: keras.ops.squeeze(keras.layers.Dense(1, "sigmoid")(inputs["x"]), -1)
        for task in ("click", "like")
    }
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.05), {"click": "mse", "like": "mse"})
    return model


def test_writes_the_exact_figures_into_the_logs(rows):
    x, labels, users = rows
    model = two_task_model()
    watch = ExactAUC(Batches(x, labels, users), users="user")
    fitted = {task: np.nan_to_num(values) for task, values in labels.items()}
    history = model.fit(
        {"x": x, "user": users}, fitted, epochs=2, batch_size=60, verbose=0, callbacks=[watch]
    ).history
    scores = model.predict({"x": x, "user": users}, verbose=0)
    expected = {task: auc(labels[task], scores[task]) for task in labels}
    for task in labels:
        assert history[f"val_{task}_auc"][-1] == pytest.approx(expected[task], abs=1e-4)
        within = grouped_auc(labels[task], scores[task], users).value
        assert history[f"val_{task}_gauc"][-1] == pytest.approx(within, abs=1e-3)
    assert history["val_auc"][-1] == pytest.approx(np.mean(list(expected.values())), abs=1e-4)
    assert watch.predictions.users.tolist() == users.tolist()
    assert history["val_click_auc"][0] != history["val_click_auc"][1]  # the weights of that epoch


def test_one_output_and_users_as_an_array(rows):
    x, labels, users = rows
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "mse")
    batches = [(x[i : i + 50], labels["click"][i : i + 50, None]) for i in range(0, ROWS, 50)]
    watch = ExactAUC(batches, users=users, tasks=["click"], prefix="test_")
    history = model.fit(x, labels["click"][:, None], verbose=0, callbacks=[watch]).history
    expected = auc(labels["click"], model.predict(x, verbose=0)[:, 0])
    assert history["test_auc"][-1] == pytest.approx(expected, abs=1e-4)


def test_early_stopping_and_checkpoints_read_it(rows, tmp_path):
    x, labels, users = rows
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.SGD(0.0), "mse")  # never better than in its first epoch
    callbacks = [
        ExactAUC([(x, labels["click"])], users, ["click"]),
        keras.callbacks.EarlyStopping("val_auc", mode="max", patience=1),
        keras.callbacks.ModelCheckpoint(
            tmp_path / "best.keras", "val_auc", mode="max", save_best_only=True
        ),
    ]
    history = model.fit(x, labels["click"][:, None], epochs=9, verbose=0, callbacks=callbacks)
    assert len(history.epoch) == 2
    assert (tmp_path / "best.keras").is_file()


@pytest.mark.long("jax")
def test_a_split_of_prepared_data(tmp_path):
    spec = load_spec("minimal")
    made = generate(spec, tmp_path / "raw", users=30, events=800, seed=3)
    prepare(spec, tmp_path / "raw", tmp_path / "data", made.valid_from, made.test_from)
    data = PreparedData.open(tmp_path / "data")
    model = from_spec(spec, data=data, **{"model.dim": 8, "model.blocks": 2})
    train = ImpressionDataset(data, "train", 128, shuffle=True)
    history = model.fit(train, callbacks=[ExactAUC(data)], verbose=0).history
    predictions = predict_split(model, data, "valid")
    assert "val_auc" in history
    for task in predictions.tasks:
        expected = auc(predictions.labels[task], predictions.probabilities[task])
        found = history.get(f"val_{task}_auc", [np.nan])[0]
        assert found == pytest.approx(expected, abs=1e-3, nan_ok=True)


def test_leaves_out_a_task_without_positives(rows):
    x, labels, users = rows
    labels = {**labels, "like": np.zeros(ROWS, "float32")}
    watch = ExactAUC(Batches(x, labels, users), users="user")
    watch.set_model(two_task_model())
    found = watch.measure()
    assert "val_like_auc" not in found
    assert found["val_auc"] == found["val_click_auc"]


def test_refuses_what_cannot_be_measured(rows):
    x, labels, users = rows
    with pytest.raises(DataError, match="generator"):
        ExactAUC((batch for batch in [(x, labels)]), users)
    with pytest.raises(DataError, match="users"):
        ExactAUC([(x, labels)])
    nothing = {task: np.zeros(ROWS, "float32") for task in labels}
    for watch, message in (
        (ExactAUC(Batches(x, nothing, users), "user"), "no task has both"),
        (ExactAUC(Batches(x, {"click": labels["click"]}, users), "user"), "none of like"),
        (ExactAUC(Batches(x, labels, users), "person"), "'person'"),
        (ExactAUC(Batches(x, labels, users), users[:-1]), "one length"),
        (ExactAUC([], users), "no batch"),
    ):
        watch.set_model(two_task_model())
        with pytest.raises(DataError, match=message):
            watch.measure()
