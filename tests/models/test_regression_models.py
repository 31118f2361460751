"""Every model with a regression beside a binary task, against NumPy on its own answers."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.models import MODELS, from_spec
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.testing import random_inputs

SCALE = 60000.0
WATCH = {"label": "seconds", "kind": "regression", "scale": SCALE}
SMALL = {
    "tables": {"item": {"size": 20}, "category": {"size": 9}},
    "fields.user.size": 20,
    "sequences": {"view": {"length": 3}, "click": {"length": 2}},
    "model": {"dim": 4, "tower_hidden": [8]},
}
# A model compiles for long, but on torch: there all of them are trained.
TYPES = list(MODELS) if keras.backend.backend() == "torch" else ["infnet"]
ROWS = 16


def make(model_type="infnet", watch=WATCH, **more):
    keras.utils.set_random_seed(1)
    options = {"calibrator_weight": 0.0} if model_type == "aitm" else {}
    tasks = {"buy": None, "watch": watch}
    spec = override_spec(load_spec("minimal"), {"model": {"type": model_type, **options}})
    return from_spec(override_spec(spec, {**SMALL, "tasks": tasks, **more}))


def batch(model, rows=ROWS):
    random = np.random.default_rng(0)
    inputs = random_inputs(model.spec, model.table_rows, rows)
    labels = {
        "click": random.integers(0, 2, rows).astype("float32"),
        "watch": random.normal(50000, 80000, rows).astype("float32"),
    }
    labels["click"][:3] = np.nan
    labels["watch"][2:6] = np.nan
    return inputs, labels


def answers_of(model, inputs):
    return {task: ops.convert_to_numpy(v) for task, v in model.predict_on_batch(inputs).items()}


def huber(labels, answers):
    error = np.abs(answers - labels)[~np.isnan(labels)] / SCALE
    return np.where(error < 1, error**2 / 2, error - 0.5).mean()


def log_loss(labels, answers):
    known = ~np.isnan(labels)
    right = np.where(labels[known] == 1, answers[known], 1 - answers[known])
    return -np.log(right).mean()


@pytest.mark.parametrize("tables", [{}, {"optimizer": "adam_lazy"}], ids=["dense", "row-wise"])
@pytest.mark.parametrize("model_type", TYPES)
def test_answers_are_in_the_labels_unit_and_the_loss_in_units_of_the_scale(model_type, tables):
    model = make(model_type, **{"training.tables": tables})
    inputs, labels = batch(model)
    found = answers_of(model, inputs)
    assert ((found["click"] > 0) & (found["click"] < 1)).all()
    # The tower's number is linear: its last bias moves the answer by a scale.
    last = model.towers.biases[-1]
    last.assign(ops.convert_to_numpy(last.value) + np.array([[0.0], [1.0]], "float32"))
    moved = answers_of(model, inputs)
    np.testing.assert_allclose(moved["watch"] - found["watch"], SCALE, rtol=1e-4)
    np.testing.assert_array_equal(moved["click"], found["click"])
    model.compile(keras.optimizers.Adam(0.01))
    logs = model.train_on_batch(inputs, labels, return_dict=True)
    assert logs["click_loss"] == pytest.approx(log_loss(labels["click"], moved["click"]), rel=1e-4)
    assert logs["watch_loss"] == pytest.approx(huber(labels["watch"], moved["watch"]), rel=1e-4)


def test_a_training_lowers_the_error():
    model = make(**{"training.learning_rate": 0.03})
    inputs, labels = batch(model)
    before = huber(labels["watch"], answers_of(model, inputs)["watch"])
    model.fit(inputs, labels, ROWS, epochs=30, verbose=0)
    assert huber(labels["watch"], answers_of(model, inputs)["watch"]) < before / 3


def test_candidates_are_scored_as_rows():
    model = make()
    inputs = random_inputs(model.spec, model.table_rows, 2)
    items = random_inputs(model.spec, model.table_rows, 6, seed=1)
    rows = {name: ids.repeat(3, axis=0) for name, ids in inputs.items()}
    for name in model.item_names:
        rows[name] = items[name]
        inputs[name] = items[name].reshape(2, 3, *items[name].shape[1:])
    scores = ops.convert_to_numpy(model.score_candidates(inputs)["watch"])
    np.testing.assert_allclose(scores.reshape(-1), answers_of(model, rows)["watch"], rtol=1e-4)


def test_uncertainty_weighs_half_the_squared_error_as_a_gaussian_does():
    """At fixed s the sum is the likelihood of equation 7: e^2 / (2 sigma^2) + log sigma."""
    model = make(watch={**WATCH, "loss": "squared"}, weighting="uncertainty")
    model.task_uncertainty.log_variances.assign([0.0, np.log(4.0)])
    inputs, labels = batch(model)
    found = answers_of(model, inputs)
    error = (found["watch"] - labels["watch"])[~np.isnan(labels["watch"])] / SCALE
    sigma = 2.0
    expected = (error**2 / (2 * sigma**2) + np.log(sigma)).mean()
    expected += log_loss(labels["click"], found["click"])
    model.compile(keras.optimizers.SGD(0.0))
    logs = model.train_on_batch(inputs, labels, return_dict=True)
    assert logs["loss"] == pytest.approx(expected, rel=1e-4)


def test_a_batch_without_numbers_changes_no_weight_through_them():
    model = make(**{"tasks.click.weight": 0})
    inputs, labels = batch(model)
    labels["watch"][:] = np.nan
    model.compile(keras.optimizers.SGD(1.0))
    before = [ops.convert_to_numpy(w.value).copy() for w in model.weights]
    assert float(model.train_on_batch(inputs, labels, return_dict=True)["loss"]) == 0.0
    for weight, one in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(weight.value), one, weight.path)


def test_the_model_survives_its_file(tmp_path):
    model = make()
    model.compile("adam")
    inputs, _ = batch(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.task_kinds == {"click": "binary", "watch": "regression"}
    assert loaded.loss_options["watch"] == {"error": "huber", "scale": SCALE}
    np.testing.assert_array_equal(
        answers_of(loaded, inputs)["watch"], answers_of(model, inputs)["watch"]
    )
