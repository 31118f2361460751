"""AITM's chain and its calibrator."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.models import AITM
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.testing import random_inputs
from infnet_keras.testing.draw_weights import draw_weights

SPEC = override_spec(
    load_spec("minimal"),
    {
        "model": {"type": "aitm", "dim": 4, "tower_hidden": [6], "bottom_hidden": [8]},
        "tables": {"item": {"size": 20}, "category": {"size": 9}},
        "fields.user.size": 20,
        "sequences": {"view": {"length": 3}, "click": {"length": 2}},
    },
)
ROWS = {name: table.rows() for name, table in SPEC.all_tables.items()}
BATCH = 16
INPUTS = random_inputs(SPEC, ROWS, BATCH)


def make(**options):
    spec = override_spec(SPEC, {f"model.{key}": value for key, value in options.items()})
    model = AITM(spec, ROWS)
    model.build()
    draw_weights(model)
    # Now the one task is more probable, now the other.
    logits = [np.log(values / (1.0 - values)).mean() for values in answers(model).values()]
    bias = model.towers.biases[-1]
    bias.assign(ops.convert_to_numpy(bias.value) - np.array(logits)[:, None])
    model.compile(keras.optimizers.SGD(0.3))
    return model


def answers(model):
    return {task: ops.convert_to_numpy(v) for task, v in model(INPUTS, training=False).items()}


def labels(value):
    return {task: np.full(BATCH, value, "float32") for task in SPEC.tasks}


@pytest.mark.long("tensorflow", "jax")
@pytest.mark.parametrize("order", [["click", "buy"], ["buy", "click"]])
def test_the_calibrator_is_the_excess_over_the_task_before(order):
    model, without = make(task_order=order), make(task_order=order, calibrator_weight=0.0)
    found = answers(model)
    first, later = (found[task] for task in order)
    excess = np.mean([max(0.0, p - q) for p, q in zip(later, first, strict=True)])
    assert excess > 1e-3
    losses = [
        each.train_on_batch(INPUTS, labels(1.0), return_dict=True) for each in (model, without)
    ]
    assert losses[0]["calibrator_loss"] == pytest.approx(excess, rel=1e-4)
    assert losses[0]["loss"] == pytest.approx(losses[1]["loss"] + 0.6 * excess, rel=1e-4)
    assert "calibrator_loss" not in losses[1]


def test_it_counts_in_training_alone():
    model = make()
    found = model.evaluate(INPUTS, labels(1.0), batch_size=BATCH, verbose=0, return_dict=True)
    expected = sum(-np.log(values).mean() for values in answers(model).values())
    assert found["loss"] == pytest.approx(expected, rel=1e-4)


def test_it_trains_the_tasks_towards_their_order():
    model = make(calibrator_weight=5.0)

    def excess():
        found = answers(model)
        return np.maximum(found["buy"] - found["click"], 0.0).mean()

    before = excess()
    for _ in range(20):
        model.train_on_batch(INPUTS, labels(np.nan))
    assert excess() < 0.2 * before


@pytest.mark.parametrize("order", [["click", "buy"], ["buy", "click"]])
def test_a_task_reads_those_before_it_and_none_behind_it(order):
    model = make(task_order=order)
    before = answers(model)
    first, later = order
    for moved, read in ((later, [later]), (first, [first, later])):
        bias = model.bottoms.biases[0]
        old = np.array(ops.convert_to_numpy(bias.value))
        new = old.copy()
        new[model.tasks.index(moved)] += 1.0
        bias.assign(new)
        after = answers(model)
        assert {t for t in order if np.abs(after[t] - before[t]).max() > 1e-4} == set(read)
        bias.assign(old)


def test_one_task_has_neither():
    model = AITM(override_spec(SPEC, {"tasks.buy": None}), ROWS)
    model.compile("adam")
    assert list(model(INPUTS)) == ["click"]
    assert not [w.path for w in model.weights if "transfer" in w.path]
    logs = model.train_on_batch(INPUTS, {"click": labels(1.0)["click"]}, return_dict=True)
    assert "calibrator_loss" not in logs
