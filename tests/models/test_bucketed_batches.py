"""A batch whose histories are padded bucket by bucket trains as one that is padded as a whole."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.models import MODELS, from_spec
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.testing import random_inputs

ROWS = [3, 6, 7]
STEPS = {"view": [6, 4, 1], "click": [3, 2, 1]}
SMALL = {
    "tables": {"item": {"size": 20}, "category": {"size": 9, "dim": 2}},
    "fields.user.size": 20,
    "sequences": {name: {"length": steps[0]} for name, steps in STEPS.items()},
}
ROW_WISE = {"training.tables": {"optimizer": "adam_lazy"}}
PLAIN = {"model.blocks": 2}
ABLATION = {"model.without": "attention", "model.variant": "paper", **PLAIN}
CASES = [("infnet", {**ROW_WISE, **PLAIN})]
if keras.backend.backend() == "torch":  # where a model need not compile for seconds
    CASES += [(name, {}) for name in MODELS if name != "infnet"]
    CASES += [("infnet", PLAIN), ("infnet", ABLATION)]


def make(model_type, more):
    keras.utils.set_random_seed(1)
    spec = override_spec(load_spec("minimal"), {"model.type": model_type})
    changes = {"model": {"dim": 4, "tower_hidden": [8]}, "training.l2": 0.1, **SMALL, **more}
    return from_spec(override_spec(spec, changes))


def batches(model):
    """The same rows, padded as a whole and in buckets, and their labels."""
    whole = random_inputs(model.spec, model.table_rows, sum(ROWS), "full")
    ends = np.cumsum(ROWS)
    bucketed = dict(whole)
    random = np.random.default_rng(0)
    valid = {
        name: np.concatenate(
            [
                np.arange(steps[0]) < random.integers(0, room + 1, (rows, 1))
                for rows, room in zip(ROWS, steps, strict=True)
            ]
        )
        for name, steps in STEPS.items()
    }
    for feature in model.spec.sequence_features:
        mask = valid[feature.sequence]
        ids = whole[feature.name]
        ids = ids * (mask if ids.ndim == 2 else mask[..., None])
        whole[feature.name] = ids
        bucketed[feature.name] = tuple(
            part[:, :room]
            for part, room in zip(np.split(ids, ends[:-1]), STEPS[feature.sequence], strict=True)
        )
    labels = {t: random.integers(0, 2, sum(ROWS)).astype("float32") for t in model.tasks}
    labels[model.tasks[0]][:3] = np.nan
    return whole, bucketed, labels


@pytest.mark.long("jax")
@pytest.mark.parametrize(("model_type", "more"), CASES)
def test_loss_and_steps_are_those_of_the_whole_batch(model_type, more):
    models = [make(model_type, more) for _ in range(2)]
    whole, bucketed, labels = batches(models[0])
    losses = []
    for model, inputs in zip(models, (whole, bucketed), strict=True):
        steps = [model.train_on_batch(inputs, labels, return_dict=True) for _ in range(3)]
        losses.append([step["loss"] for step in steps])
    np.testing.assert_allclose(losses[1], losses[0], rtol=2e-6)
    assert losses[0][0] != losses[0][2]
    for one, other in zip(*(model.weights for model in models), strict=True):
        if one.path.endswith("_place"):
            continue  # of row updates; says nothing between two steps
        np.testing.assert_allclose(
            *(ops.convert_to_numpy(each.value) for each in (one, other)),
            atol=1e-5,
            err_msg=one.path,
        )


def test_a_table_is_read_once_a_step():
    model = make("infnet", PLAIN)
    whole, bucketed, _ = batches(model)
    plain, found = (model.embedded_inputs.lookups(inputs) for inputs in (whole, bucketed))
    assert list(found) == list(plain)
    padded, ids = (ops.convert_to_numpy(each["embeddings/4"].ids) for each in (plain, found))
    assert ids.shape[0] == 1
    assert ids.size < padded.size
    assert set(np.unique(ids)) == set(np.unique(padded))
