"""Another kind of task is an entry in two registries; nothing else asks for a kind."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.layers.task_outputs import TASK_OUTPUTS
from infnet_keras.losses.task_losses import TASK_LOSSES
from infnet_keras.models import INFNet, SharedBottom
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.testing import random_inputs

SMALL = {
    "tables": {"item": {"size": 20}, "category": {"size": 9}},
    "fields.user.size": 20,
    "model.dim": 4,
}


class SquaredError(keras.losses.Loss):
    """Of the rows that have a label."""

    def __init__(self, dtype=None, **kwargs):
        super().__init__(dtype=dtype, **kwargs)

    def call(self, y_true, y_pred):
        labelled = ops.logical_not(ops.isnan(y_true))
        return ops.square(ops.where(labelled, y_true - y_pred, 0.0))


@pytest.fixture
def spec(monkeypatch):
    """`buy` is a count; the grammar, which knows binary tasks alone, is left out of it."""
    monkeypatch.setitem(TASK_OUTPUTS, "count", ops.exp)
    monkeypatch.setitem(TASK_LOSSES, "count", SquaredError)
    spec = override_spec(load_spec("minimal"), SMALL)
    task = spec.tasks["buy"].model_copy(update={"kind": "count"})
    changed = spec.model_copy(update={"tasks": {**spec.tasks, "buy": task}})
    assert isinstance(changed, FeatureSpec)
    return changed


@pytest.mark.long("tensorflow", "jax")
@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
@pytest.mark.parametrize("model_class", [INFNet, SharedBottom])
def test_outputs_and_losses_follow_the_kind(spec, model_class, weighting):
    if model_class is SharedBottom:
        block = override_spec(load_spec("minimal"), {"model.type": "shared_bottom"}).model
        spec = spec.model_copy(update={"model": block.model_copy(update={"dim": 4})})
    spec = spec.model_copy(update={"weighting": weighting})
    rows = {name: table.rows() for name, table in spec.all_tables.items()}
    model = model_class(spec, rows)
    model.build()
    assert model.task_kinds == {"click": "binary", "buy": "count"}
    draws = np.random.default_rng(3)
    model.towers.biases[-1].assign(draws.normal(2.0, 0.1, (2, 1)))  # exp(2): no probability
    model.compile(keras.optimizers.SGD(0.0))
    inputs = random_inputs(spec, rows, 8)
    answers = {k: ops.convert_to_numpy(v) for k, v in model.predict_on_batch(inputs).items()}
    assert (answers["buy"] > 3).all()
    assert ((answers["click"] > 0) & (answers["click"] < 1)).all()
    labels = {"click": np.ones(8, "float32"), "buy": draws.poisson(4.0, 8).astype("float32")}
    logs = model.train_on_batch(inputs, labels, return_dict=True)
    click = -np.log(answers["click"]).mean()
    buy = ((labels["buy"] - answers["buy"]) ** 2).mean()
    assert logs["click_loss"] == pytest.approx(click, rel=1e-4)
    assert logs["buy_loss"] == pytest.approx(buy, rel=1e-4)
    assert logs["loss"] == pytest.approx(click + buy, rel=1e-4)
