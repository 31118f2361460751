"""STEM's tables: those of a task learn from that task alone."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.models import STEM
from infnet_keras.spec import load_spec, override_spec, spec_from_dict
from infnet_keras.testing import random_inputs
from infnet_keras.testing.draw_weights import draw_weights

SPEC = override_spec(
    load_spec("minimal"),
    {
        "model": {"type": "stem", "dim": 4, "tower_hidden": [3], "expert_hidden": [6]},
        "tables": {"item": {"size": 20}, "category": {"size": 9, "dim": 2}},
        "fields.user.size": 20,
        "sequences": {"view": {"length": 3}, "click": {"length": 2}},
    },
)
ROWS = {name: table.rows() for name, table in SPEC.all_tables.items()}
BATCH = 8


def values(model):
    return {w.path: np.array(ops.convert_to_numpy(w.value)) for w in model.trainable_variables}


@pytest.mark.parametrize(("learnt", "other"), [("click", "buy"), ("buy", "click")])
def test_another_task_trains_nothing_of_a_task(learnt, other):
    keras.utils.set_random_seed(0)
    model = STEM(SPEC, ROWS)
    model.build()
    draw_weights(model)
    model.compile(keras.optimizers.SGD(0.1))
    labels = {
        learnt: np.arange(BATCH) % 2.0,
        other: np.full(BATCH, np.nan),
    }
    before = values(model)
    model.train_on_batch(random_inputs(SPEC, ROWS, BATCH), labels)
    moved = {path for path, value in values(model).items() if np.any(value != before[path])}
    tables = {path for path in before if "/tables_" in path or "/projection_" in path}
    assert {path for path in tables if f"/{learnt}_embeddings/" in path} <= moved
    assert {path for path in tables if "/embeddings/" in path} <= moved
    assert not {path for path in moved if f"/{other}_embeddings/" in path}
    place = model.tasks.index(other)
    for weight in (*model.task_experts.weights, model.gates.kernel, *model.towers.kernels):
        now, old = values(model)[weight.path], before[weight.path]
        np.testing.assert_array_equal(now[place], old[place], weight.path)
        assert np.any(now[1 - place] != old[1 - place]), weight.path


def test_another_task_is_read_all_the_same():
    model = STEM(SPEC, ROWS)
    model.build()
    draw_weights(model)
    inputs = random_inputs(SPEC, ROWS, BATCH)
    before = ops.convert_to_numpy(model(inputs)["click"])
    for weight in model.embedded_inputs.tables["buy_embeddings"].tables.values():
        weight.assign(weight.value + 1.0)
    after = ops.convert_to_numpy(model(inputs)["click"])
    assert np.abs(after - before).max() > 1e-3


def test_tasks_of_any_name_have_tables():
    content = SPEC.model_dump(mode="json", exclude_none=True)
    content["tasks"] = {name: {"label": "clicked"} for name in ("点/赞", "a b", "a_b")}
    spec = spec_from_dict(content)
    model = STEM(spec, ROWS)
    model.build()
    assert len(model.embedded_inputs.tables) == 4
    assert list(model(random_inputs(spec, ROWS, BATCH))) == ["点/赞", "a b", "a_b"]
