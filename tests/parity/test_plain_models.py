"""The baselines equal their equations: values, and gradients by finite differences."""

import re

import keras
import numpy as np
import plain_models
import pytest
from autodiff import value_and_gradients
from keras import ops

from infnet_keras.models import MODELS
from infnet_keras.spec import spec_from_dict
from infnet_keras.testing import random_inputs
from infnet_keras.testing.draw_weights import draw_weights

ROWS = {"user": 9, "video": 11, "tag": 7, "hour": 26}
# What is differentiated is a weighted sum, so that no two outputs cancel.
OUTPUT_WEIGHTS = np.random.default_rng(7).uniform(0.5, 1.5, (5, 3))
STEP = 1e-6
TORCH = keras.backend.backend() == "torch"  # keras.ops hold 1e-7 in float64 there
CASES = {
    "mmoe": {"experts": 3, "expert_hidden": [6, 5]},
    "omoe": {"experts": 3, "expert_hidden": [6]},
    "ple": {"levels": 3, "task_experts": 2, "shared_experts": 3, "expert_hidden": [8]},
    "stem": {"task_experts": 2, "shared_experts": 2, "expert_hidden": [8, 6]},
    "aitm": {"bottom_hidden": [8, 6]},
    "aitm_in_another_order": {
        "type": "aitm",
        "bottom_hidden": [8, 6],
        "task_order": ["follow", "click", "like"],
    },
    "cgc": {"type": "ple", "levels": 1, "task_experts": 1, "shared_experts": 1},
}


def make(case, dtype):
    options = CASES[case]
    name = options.get("type", case)
    video = {"video_id": "video", "tag": "tag"}
    spec = spec_from_dict(
        {
            "name": "plain",
            "sources": {"log": {"files": "log.csv", "time": {"column": "time"}}},
            "keys": {"user": "user", "item": "video_id"},
            "tables": {"video": {"vocabulary": {}}, "tag": {"vocabulary": {}, "dim": 3}},
            "fields": {
                "user": {"side": "user", "vocabulary": {}},
                "video_id": {"side": "item", "table": "video"},
                "tag": {"side": "item", "table": "tag", "multivalue": ",", "max_values": 3},
                "hour": {"side": "context", "derive": "hour_of_day"},
            },
            "sequences": {
                "view": {"length": 4, "attributes": video},
                "click": {"length": 3, "when": "click == 1", "attributes": video},
            },
            "tasks": {name: {"label": name} for name in ("click", "like", "follow")},
            "model": {"dim": 4, "tower_hidden": [6], **options, "type": name},
        }
    )
    rows = {table: ROWS[table] for table in spec.all_tables}
    model = MODELS[name](spec, rows, dtype=dtype)
    model.build()
    draw_weights(model)
    for weight in model.trainable_variables:
        # What is weighed is too much alike otherwise; what weighs would be all or nothing.
        if re.search("(experts|bottoms)/kernel|/transfer$|/value$", weight.path):
            weight.assign(2.0 * weight.value)
    return model, rows, random_inputs(spec, rows, batch=5, seed=5)


def weights_of(model):
    """Path without the model's name -> array."""
    return {
        v.path.partition("/")[2]: np.asarray(ops.convert_to_numpy(v.value), "float64")
        for v in model.trainable_variables
    }


def results(model, inputs):
    """Probabilities [batch, tasks] and gradients of every trainable variable."""
    rest = [variable.value for variable in model.non_trainable_variables]

    def outputs(tensors):
        found, _ = model.stateless_call(tensors, rest, inputs)
        return ops.stack([found[task] for task in model.tasks], axis=1)

    tensors = [ops.convert_to_tensor(variable.value) for variable in model.trainable_variables]
    return value_and_gradients(outputs, tensors, OUTPUT_WEIGHTS)


def slope(model, rows, inputs, path, direction):
    """Of the weighted sum of the answers, along a direction of one weight."""
    weights = weights_of(model)
    sums = []
    for step in (STEP, -STEP):
        moved = {**weights, path: weights[path] + step * direction}
        found = plain_models.answers(model.spec, rows, moved, inputs, still=weights)
        sums.append((found * OUTPUT_WEIGHTS).sum())
    return (sums[0] - sums[1]) / (2 * STEP)


@pytest.fixture(autouse=True)
def _float64():
    """JAX knows float64 only on request."""
    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-6 if TORCH else 1e-10)]
)
@pytest.mark.parametrize("case", CASES)
def test_values(case, dtype, tolerance):
    model, rows, inputs = make(case, dtype)
    found = model(inputs, training=False)
    expected = plain_models.answers(model.spec, rows, weights_of(model), inputs)
    assert np.ptp(expected, axis=0).min() > 0.01, "the examples are too much alike to tell"
    for index, task in enumerate(model.tasks):
        np.testing.assert_allclose(
            ops.convert_to_numpy(found[task]), expected[:, index], rtol=0, atol=tolerance
        )


@pytest.mark.parametrize("case", CASES)
def test_gradients(case):
    """Along three random directions of each weight."""
    model, rows, inputs = make(case, "float64")
    _, gradients = results(model, inputs)
    draws = np.random.default_rng(11)
    for path, gradient in zip(weights_of(model), gradients, strict=True):
        assert np.abs(gradient).max() > 0.0, f"{path} gets no gradient"
        for _ in range(3):
            direction = draws.normal(size=gradient.shape)
            direction *= 1.0 / np.linalg.norm(direction)
            found = (gradient * direction).sum()
            expected = slope(model, rows, inputs, path, direction)
            error = abs(found - expected) / np.linalg.norm(gradient)
            assert error < (1e-5 if TORCH else 1e-7), (
                f"{path}: {found} along a direction, not {expected}"
            )
