"""DIEN's auxiliary loss in a step of training."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.layers.histories.next_step_loss import next_step_loss
from infnet_keras.models import MODELS
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.testing import random_inputs
from infnet_keras.testing.draw_weights import draw_weights

SMALL = {
    "model": {"type": "dien", "dim": 4, "tower_hidden": [3], "deep_hidden": [5]},
    "tables": {"item": {"size": 20}, "category": {"size": 9}},
    "fields.user.size": 20,
    "sequences": {"view": {"length": 3}, "click": {"length": 2}},
}


def make(**changes):
    spec = override_spec(load_spec("minimal"), {**SMALL, **changes})
    rows = {name: table.rows() for name, table in spec.all_tables.items()}
    model = MODELS["dien"](spec, rows)
    model.build()
    draw_weights(model)
    draws = np.random.default_rng(2)
    labels = {task: (draws.random(6) < 0.5).astype("float32") for task in spec.tasks}
    return model, random_inputs(spec, rows, 6), labels


def step(model, inputs, labels):
    model.compile(keras.optimizers.SGD(0.0))
    return model.train_on_batch(inputs, labels, return_dict=True)


@pytest.mark.long("tensorflow", "jax")
def test_the_mean_over_the_behaviours_is_added_with_its_weight():
    model, inputs, labels = make(**{"model.auxiliary_weight": 0.5})
    embedded = model.embed(inputs)["embeddings"]
    losses = []
    for history in model.histories:
        steps, mask = model.steps_of(history, embedded)
        states = model.readers[history.sequence].extractor(steps, mask)[:, 0]
        losses.append(float(ops.convert_to_numpy(next_step_loss(states, steps, mask))))
    logs = step(model, inputs, labels)
    assert logs["interest_loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    plain, *_ = make(**{"model.auxiliary_weight": 0.0})
    without = step(plain, inputs, labels)
    assert "interest_loss" not in without
    assert logs["loss"] - without["loss"] == pytest.approx(0.5 * np.mean(losses), rel=1e-4)


@pytest.mark.parametrize(
    "sequences", [None, {"view": {"length": 1}, "click": None}], ids=["none", "one_step"]
)
def test_nothing_to_foretell_adds_no_loss(sequences):
    model, inputs, labels = make(sequences=sequences)
    assert model.auxiliary_weights == {}
    assert np.isfinite(step(model, inputs, labels)["loss"])
