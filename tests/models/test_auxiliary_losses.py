"""Losses that a model adds besides the tasks': a test-only model has two."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.models import SharedBottom
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.testing import random_inputs

WEIGHTS = {"near": 0.5, "far": 2.0}
SPEC = override_spec(
    load_spec("minimal"),
    {
        "model": {"type": "shared_bottom", "dim": 4, "tower_hidden": [3], "bottom_hidden": [4]},
        "tables": {"item": {"size": 20}, "category": {"size": 9}},
        "fields.user.size": 20,
        "sequences": {"view": {"length": 3}, "click": {"length": 2}},
    },
)
ROWS = {name: table.rows() for name, table in SPEC.all_tables.items()}
BATCH = 8


@keras.saving.register_keras_serializable(package="tests")
class Helped(SharedBottom):
    """Pulls the items' embeddings towards 1 ("near") and the users' towards 3 ("far")."""

    def __init__(self, spec, table_rows, **kwargs):
        super().__init__(spec, table_rows, auxiliary_weights=WEIGHTS, **kwargs)

    def auxiliary_losses(self, embedded, answers):
        fields = embedded["embeddings"].fields
        return {
            "near": ops.mean(ops.square(fields["item"] - 1.0)),
            "far": ops.mean(ops.square(fields["user"] - 3.0)),
        }


def make(model_class=Helped, precision="float32", **training):
    overrides = {f"training.{key}": value for key, value in training.items()}
    weighting = overrides.pop("training.weighting", "fixed")
    spec = override_spec(SPEC, {**overrides, "weighting": weighting})
    model = model_class(spec, ROWS, dtype=precision)
    model.build()
    draws = np.random.default_rng(4)
    for weight in model.trainable_variables:
        weight.assign(draws.normal(0.0, 0.3, weight.shape).astype("float32"))
    return model


def batch():
    draws = np.random.default_rng(2)
    inputs = random_inputs(SPEC, ROWS, BATCH)
    return inputs, {task: (draws.random(BATCH) < 0.5).astype("float32") for task in SPEC.tasks}


def expected_losses(model, inputs):
    """From the tables themselves."""
    tables = model.embedded_inputs.tables["embeddings"]
    weight = ops.convert_to_numpy(tables.tables[4].value)
    item = weight[tables.offsets["item"] + inputs["item"]]
    user = weight[tables.offsets["user"] + inputs["user"]]
    return {"near": np.mean((item - 1.0) ** 2), "far": np.mean((user - 3.0) ** 2)}


def row_penalty(model, inputs, l2):
    """l2 * mean over the batch of the squares of the rows that an example looks up."""
    tables = model.embedded_inputs.tables["embeddings"]
    weight = ops.convert_to_numpy(tables.tables[4].value)
    total = 0.0
    for name, ids in inputs.items():
        rows = weight[tables.offsets[tables.lookup_tables[name]] + ids]
        total += ((rows**2).sum(-1) * (ids != 0)).sum()
    return l2 * total / BATCH


@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_added_in_training_only_and_outside_the_tasks_weighting(weighting, l2):
    inputs, labels = batch()
    helped = make(weighting=weighting, l2=l2)
    plain = make(SharedBottom, weighting=weighting, l2=0.0)
    if weighting == "uncertainty":
        for model in (helped, plain):
            model.task_uncertainty.log_variances.assign([0.7, -0.4])
    losses = expected_losses(helped, inputs)
    penalty = row_penalty(helped, inputs, l2)
    for model in (helped, plain):
        model.compile(keras.optimizers.SGD(0.0))
    tasks = plain.train_on_batch(inputs, labels, return_dict=True)["loss"]
    logs = helped.train_on_batch(inputs, labels, return_dict=True)
    added = sum(WEIGHTS[name] * loss for name, loss in losses.items())
    assert logs["loss"] == pytest.approx(tasks + added + penalty, rel=1e-5)
    for name, loss in losses.items():
        assert logs[f"{name}_loss"] == pytest.approx(loss, rel=1e-5)
    evaluated = helped.evaluate(inputs, labels, batch_size=BATCH, verbose=0, return_dict=True)
    assert evaluated["loss"] == pytest.approx(tasks, rel=1e-5)


def test_dropped_ids_and_penalties_of_the_tables_are_not_mixed_up_with_them():
    """Under id dropout both losses move; what is reported is still each one's own."""
    inputs, labels = batch()
    model = make(id_dropout=0.9, l2=0.01)
    tables = model.embedded_inputs.tables["embeddings"]
    values = np.array(ops.convert_to_numpy(tables.tables[4].value))
    values[:] = 1.0  # whatever id is read: near 0, far 4, as if nothing had been dropped
    tables.tables[4].assign(values)
    model.compile(keras.optimizers.SGD(0.0))
    logs = model.train_on_batch(inputs, labels, return_dict=True)
    assert logs["near_loss"] == pytest.approx(0.0, abs=1e-6)
    assert logs["far_loss"] == pytest.approx(4.0, rel=1e-5)


def test_they_train_what_they_read():
    inputs, labels = batch()
    model = make(SharedBottom), make()
    distances = []
    for each in model:
        each.compile(keras.optimizers.SGD(0.3))
        for _ in range(3):
            each.train_on_batch(inputs, labels)
        distances.append(expected_losses(each, inputs)["far"])
    assert distances[1] < 0.8 * distances[0]


def test_means_over_an_epoch_and_half_precision():
    inputs, labels = batch()
    model = make(precision="mixed_float16")
    model.compile(keras.optimizers.SGD(0.0))
    losses = expected_losses(model, inputs)
    history = model.fit(inputs, labels, batch_size=BATCH // 2, epochs=2, verbose=0, shuffle=False)
    for name, loss in losses.items():
        assert history.history[f"{name}_loss"] == pytest.approx([loss] * 2, rel=5e-3)


def test_weight_zero_leaves_one_out():
    class Half(Helped):
        def __init__(self, spec, table_rows, **kwargs):
            SharedBottom.__init__(self, spec, table_rows, auxiliary_weights={"near": 0.0}, **kwargs)

    model = make(Half)
    model.compile("sgd")
    assert "near_loss" not in model.train_on_batch(*batch(), return_dict=True)


def test_other_losses_than_the_weights_are_named():
    class Forgets(Helped):
        def auxiliary_losses(self, embedded, answers):
            return {"near": 1.0, "nearer": 2.0}

    with pytest.raises(ModelError, match="losses near, nearer given, the weights are of near, far"):
        make(Forgets)(batch()[0], training=True)


def test_survives_a_file(tmp_path):
    model = make()
    model.compile("adam")
    model.train_on_batch(*batch())
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.auxiliary_weights == WEIGHTS
    model.reset_metrics()
    one, other = (m.train_on_batch(*batch(), return_dict=True) for m in (model, loaded))
    assert other == pytest.approx(one, rel=1e-5)
