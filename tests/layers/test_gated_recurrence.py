"""A GRU, and one whose updates attention weighs, against the equations, step by step."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import GatedRecurrence

WIDTH, UNITS, LENGTH = 4, 3, 5


@pytest.fixture
def drawn():
    draws = np.random.default_rng(0)
    layer = GatedRecurrence(UNITS)
    layer.build((None, LENGTH, WIDTH))
    for weight in layer.trainable_variables:
        weight.assign(draws.normal(size=weight.shape))
    inputs = draws.normal(size=(4, LENGTH, WIDTH)).astype("float32")
    mask = np.arange(LENGTH) < np.array([[0], [5], [1], [3]])
    attention = draws.uniform(size=(4, 2, LENGTH)).astype("float32")
    return layer, inputs, mask, attention


def states_of(layer, inputs, weights):
    w = {weight.name: ops.convert_to_numpy(weight.value) for weight in layer.trainable_variables}
    state, found = np.zeros(UNITS), []
    for x, a in zip(inputs, weights, strict=True):
        update, reset = (
            1 / (1 + np.exp(-(x @ w[f"{g}_kernel"] + state @ w[f"{g}_recurrent"] + w[f"{g}_bias"])))
            for g in ("update", "reset")
        )
        recurrent = reset * (state @ w["candidate_recurrent"])
        candidate = np.tanh(x @ w["candidate_kernel"] + recurrent + w["candidate_bias"])
        state = (1 - a * update) * state + a * update * candidate
        found.append(state)
    return np.array(found)


def test_a_gru(drawn):
    layer, inputs, mask, _ = drawn
    found = ops.convert_to_numpy(layer(inputs, mask))
    assert found.shape == (4, 1, LENGTH, UNITS)
    for row in range(4):
        np.testing.assert_allclose(
            found[row, 0], states_of(layer, inputs[row], mask[row]), rtol=1e-4, atol=1e-5
        )


def test_attention_weighs_the_updates_of_each_run(drawn):
    layer, inputs, mask, attention = drawn
    found = ops.convert_to_numpy(layer(inputs, mask, attention))
    for row in range(4):
        for n in range(2):
            expected = states_of(layer, inputs[row], mask[row] * attention[row, n])
            np.testing.assert_allclose(found[row, n], expected, rtol=1e-4, atol=1e-5)


def test_padding_keeps_the_state(drawn):
    layer, inputs, mask, _ = drawn
    inputs[~mask] = 9.0
    found = ops.convert_to_numpy(layer(inputs, mask))
    assert (found[0] == 0).all()
    np.testing.assert_array_equal(found[2, 0], np.repeat(found[2, :, 0], LENGTH, axis=0))
    np.testing.assert_array_equal(found[3, 0, 2], found[3, 0, 4])


def test_keras_leaves_out_xla_where_it_cannot_compile_the_recurrence(drawn):
    """On TensorFlow; with JAX `ops.scan` is XLA's own loop."""
    assert drawn[0].supports_jit is (keras.backend.backend() != "tensorflow")
