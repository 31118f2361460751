import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers import TaskTowers
from infnet_keras.layers.task_outputs import TASK_OUTPUTS

TASKS = np.random.default_rng(1).normal(size=(5, 3, 8)).astype("float32")


def test_every_task_has_a_tower_of_its_own():
    layer = TaskTowers([7, 4])
    layer.build(TASKS.shape)
    for index, weight in enumerate(layer.weights):
        weight.assign(np.random.default_rng(index).normal(size=weight.shape))
    kernels = [ops.convert_to_numpy(w.value) for w in layer.kernels]
    biases = [ops.convert_to_numpy(w.value) for w in layer.biases]
    found = ops.convert_to_numpy(layer(TASKS))
    assert found.shape == (5, 3)
    for task in range(3):
        x = TASKS[:, task].astype("float64")
        for index, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
            x = x @ kernel[task] + bias[task]
            x = np.maximum(x, 0.0) if index < 2 else x
        np.testing.assert_allclose(found[:, task], 1 / (1 + np.exp(-x[:, 0])), rtol=1e-4)


def test_every_kind_has_an_answer_of_its_own(monkeypatch):
    monkeypatch.setitem(TASK_OUTPUTS, "count", ops.exp)
    layer = TaskTowers([7], kinds=["binary", "count", "binary"])
    found = ops.convert_to_numpy(layer(TASKS))
    binary = TaskTowers([7])
    binary.build(TASKS.shape)
    binary.set_weights(layer.get_weights())
    probabilities = ops.convert_to_numpy(binary(TASKS))
    np.testing.assert_allclose(found[:, [0, 2]], probabilities[:, [0, 2]], rtol=1e-5)
    odds = probabilities[:, 1] / (1 - probabilities[:, 1])
    np.testing.assert_allclose(found[:, 1], odds, rtol=1e-3)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ModelError, match="tasks are of kind binary, regression; found count"):
        TaskTowers(kinds=["binary", "count"])


def test_towers_start_at_glorot_scale():
    layer = TaskTowers([64])
    layer.build((None, 5, 32))
    values = ops.convert_to_numpy(layer.kernels[0].value)
    limit = np.sqrt(6 / (32 + 64))
    assert np.abs(values).max() <= limit
    np.testing.assert_allclose(values.std(axis=(1, 2)), limit / np.sqrt(3), rtol=0.1)


def test_dropout_in_training_only():
    layer = TaskTowers([64], dropout=0.5)
    still = [ops.convert_to_numpy(layer(TASKS, training=False)) for _ in range(2)]
    moved = ops.convert_to_numpy(layer(TASKS, training=True))
    np.testing.assert_array_equal(*still)
    assert np.abs(moved - still[0]).max() > 1e-3
