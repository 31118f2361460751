"""A step recorded as a CUDA graph, against the same step run as it is."""

import keras
import numpy as np
import pytest

from infnet_keras.models import MODELS, from_spec
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.testing import random_inputs

pytestmark = pytest.mark.backend("torch")

SMALL = {
    "defaults.dim": 4,
    "model": {"dim": 4, "tower_hidden": [3]},
    "tables": {"item": {"size": 30}, "category": {"size": 9}},
    "fields.user.size": 20,
    "sequences": {"view": {"length": 3}, "click": {"length": 2}},
}
CASES = {
    **{name: {"model.type": name} for name in MODELS},
    "uncertainty": {"weighting": "uncertainty", "training.clip_norm": 0.1, "training.l2": 0.01},
    "cosine": {
        "model.dropout": 0.2,
        "training.schedule": {"decay": "cosine", "warmup_steps": 1, "steps": 9},
    },
    "bfloat16": {"training.precision": "mixed_bfloat16"},
}


def make(case):
    keras.utils.set_random_seed(0)
    model = from_spec(override_spec(load_spec("minimal"), {**SMALL, **CASES[case]}))
    model._make_variables()
    model.make_train_function()
    return model


def batches(model, rows, count):
    import torch

    place = model.trainable_variables[0].value.device
    for seed in range(count):
        labels = np.random.default_rng(seed).integers(0, 2, (len(model.tasks), rows))
        inputs = random_inputs(model.spec, model.table_rows, rows, seed=seed)
        yield [
            (
                {name: torch.as_tensor(ids, device=place) for name, ids in inputs.items()},
                {
                    task: torch.as_tensor(each.astype("float32"), device=place)
                    for task, each in zip(model.tasks, labels, strict=True)
                },
            )
        ]


def operations(step, *batches):
    """The names of what torch computes in the last of some steps."""
    from torch.utils._python_dispatch import TorchDispatchMode

    from infnet_keras.devices.kept_constants import KeptConstants

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            met.append(func.name().removeprefix("aten::").split(".")[0])
            return func(*args, **(kwargs or {}))

    *first, last = batches
    met = []
    with KeptConstants():
        for batch in first:
            step(batch)
        with Watch():
            step(last)
    return set(met)


# What a CUDA graph cannot hold.
ON_THE_HOST = {"lift_fresh", "_local_scalar_dense", "nonzero", "unique2"}


@pytest.mark.parametrize("case", CASES)
def test_a_step_reads_nothing_on_the_host_and_copies_nothing_from_it(case):
    model = make(case)
    met = operations(model.train_function, *batches(model, 6, 3))
    assert {"mul", "sigmoid_backward"} <= met  # forward and backward were watched
    assert not ON_THE_HOST & met


@pytest.mark.parametrize("case", CASES)
def test_a_prediction_neither(case):
    model = make(case)
    model.make_predict_function()
    given = ([(inputs,) for inputs, _ in batch] for batch in batches(model, 6, 2))
    met = operations(model.predict_function, *given)
    assert "sigmoid" in met
    assert not ON_THE_HOST & met


def test_without_a_gpu_nothing_is_recorded():
    import torch

    from infnet_keras.devices.captured_step import CapturedStep

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert not isinstance(make("infnet").train_function, CapturedStep)


@pytest.mark.parametrize("case", ["infnet", "din", "uncertainty", "row_wise"])
def test_recorded_steps_are_the_same_steps(case, monkeypatch):
    import torch

    from infnet_keras.devices.captured_step import CapturedStep

    if not torch.cuda.is_available():
        pytest.skip("a CUDA graph needs a GPU")
    row_wise = {"training.tables": {"optimizer": "adagrad_rowwise"}}
    monkeypatch.setitem(CASES, "row_wise", row_wise)
    monkeypatch.setitem(CASES, "plain", {**CASES[case], "training.cuda_graph": False})
    recorded, plain = make(case), make("plain")
    assert isinstance(recorded.train_function, CapturedStep)
    losses = {}
    for model in (recorded, plain):
        whole = list(batches(model, 6, 8))
        smaller = list(batches(model, 4, 1))
        steps = [*whole, *smaller, *whole]
        losses[model] = [float(model.train_function(step)["loss"]) for step in steps]
    np.testing.assert_allclose(losses[recorded], losses[plain], rtol=1e-5)
    for ours, theirs in zip(recorded.weights, plain.weights, strict=True):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(ours.value),
            keras.ops.convert_to_numpy(theirs.value),
            atol=1e-5,
            err_msg=ours.path,
        )


@pytest.mark.parametrize("case", ["infnet", "dien", "bfloat16"])
def test_recorded_predictions_are_the_same_predictions(case, monkeypatch):
    """Of batches of two shapes, while the weights move, of numpy's arrays."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("a CUDA graph needs a GPU")
    monkeypatch.setitem(CASES, "plain", {**CASES[case], "training.cuda_graph": False})
    recorded, plain = make(case), make("plain")
    steps = [random_inputs(recorded.spec, recorded.table_rows, n, seed=n) for n in [6] * 5 + [4, 6]]
    for number, inputs in enumerate(steps):
        for ours, theirs in zip(recorded.weights, plain.weights, strict=True):
            moved = keras.ops.convert_to_numpy(theirs.value) * (1 + 0.1 * number)
            theirs.assign(moved)
            ours.assign(moved)
        found, expected = recorded.predict_on_batch(inputs), plain.predict_on_batch(inputs)
        for task in recorded.tasks:
            np.testing.assert_allclose(found[task], expected[task], atol=1e-6, err_msg=task)


def test_a_reading_thread_takes_pinned_memory_while_a_step_is_recorded():
    import threading

    import torch

    from infnet_keras.devices.captured_step import WARM_UP, CapturedStep

    if not torch.cuda.is_available():
        pytest.skip("a CUDA graph needs a GPU")
    sizes = iter(range(1, 100))

    def read():  # a size that the allocator has not kept, so that the driver is asked
        torch.empty(next(sizes) << 24, dtype=torch.uint8, pin_memory=True)

    def step(batch):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
        return {"loss": batch.sum()}

    captured = CapturedStep(step)
    batch = torch.ones(4, device="cuda")
    answers = [float(captured(batch * number)["loss"]) for number in range(WARM_UP + 3)]
    assert answers == [4.0 * number for number in range(WARM_UP + 3)]
