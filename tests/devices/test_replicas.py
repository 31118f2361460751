"""Steps that replicas of a model take together are those of one model on the whole batch."""

from pathlib import Path

import keras
import numpy as np
import pytest

from infnet_keras.devices.processes import run_in_processes
from infnet_keras.devices.share import share
from infnet_keras.models import from_spec
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.testing import random_inputs

pytestmark = pytest.mark.backend("torch")

SMALL = override_spec(
    load_spec("minimal"),
    {
        "defaults.dim": 4,
        "model": {"dim": 4, "tower_hidden": [3], "dropout": 0.0},
        "tables": {"item": {"size": 30}, "category": {"size": 9}},
        "fields.user.size": 20,
        "sequences": {"view": {"length": 3}, "click": {"length": 2}},
        # Not Adam: it makes of a gradient's rounding near 0 a step like any other.
        "training": {
            "precision": "float64",
            "optimizer": "sgd",
            "learning_rate": 0.3,
            "l2": 0.01,
        },
    },
)
LAZY = {"training.tables": {"optimizer": "adam_lazy", "learning_rate": 0.03}}
ROW_WISE = {
    "training.tables": {"optimizer": "adagrad_rowwise", "learning_rate": 0.03},
    "training.clip_norm": 0.1,
}
# What is a mean over labels, over rows and over steps, what is no part of the answers, and what
# mixes the rows of a batch.
CASES = {
    "infnet": {"weighting": "uncertainty", "training.clip_norm": 0.1},
    "infnet_row_wise": {"weighting": "uncertainty", **ROW_WISE},
    "lazy": {"model.type": "shared_bottom", **LAZY},
    "aitm": {"model.type": "aitm"},
    "dien": {"model.type": "dien", **ROW_WISE},
}
BATCH, STEPS = 8, 3


def stepped(case):
    """Weights and losses after some steps on this process's share of the same batches."""
    keras.utils.set_random_seed(0)
    model = from_spec(override_spec(SMALL, CASES[case]))
    if share().devices > 1:
        model.replicate()
    own, losses = share().rows(BATCH), []
    for step in range(STEPS):
        inputs = random_inputs(model.spec, model.table_rows, BATCH, seed=step)
        draws = np.random.default_rng(step)
        labels = {task: draws.integers(0, 2, BATCH).astype("float32") for task in model.tasks}
        labels["buy"][[1, 4, 5, 6, 7]] = np.nan  # the second half has no label of one task
        share_of_batch = [{n: v[own] for n, v in values.items()} for values in (inputs, labels)]
        logs = model.train_on_batch(*share_of_batch, return_dict=True)
        losses.append([logs[name] for name in sorted(logs)])
    weights = {v.path: keras.ops.convert_to_numpy(v) for v in model.weights}
    # Says nothing between two steps.
    weights = {path: values for path, values in weights.items() if not path.endswith("_place")}
    return {"losses": np.array(losses, "float64"), **weights}


def step_in_each_process(say, folder):
    for case in CASES:
        np.savez(folder / f"{case}_{share().rank}.npz", **stepped(case))


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replicas")
    run_in_processes(2, step_in_each_process, folder, say=print)
    return folder


@pytest.mark.parametrize("case", CASES)
def test_replicas_step_as_one_model_does(replicas: Path, case: str) -> None:
    expected = stepped(case)
    with (
        np.load(replicas / f"{case}_0.npz") as first,
        np.load(replicas / f"{case}_1.npz") as second,
    ):
        assert set(first) == set(second) == set(expected)
        for name, values in expected.items():
            np.testing.assert_array_equal(first[name], second[name], err_msg=name)
            # What the towers say is float32.
            np.testing.assert_allclose(first[name], values, rtol=0, atol=1e-5, err_msg=name)
