import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers import Experts

DRAWS = np.random.default_rng(1)
ONE = DRAWS.normal(size=(5, 8)).astype("float32")
OWN = DRAWS.normal(size=(5, 3, 8)).astype("float32")


@pytest.mark.parametrize("inputs", [ONE, OWN], ids=["one_input", "inputs_of_their_own"])
def test_every_expert_is_a_network_of_its_own(inputs):
    layer = Experts(3, [7, 4])
    layer.build(inputs.shape)
    for index, weight in enumerate(layer.weights):
        weight.assign(np.random.default_rng(index).normal(size=weight.shape))
    kernels, biases = (
        [ops.convert_to_numpy(w.value) for w in each] for each in (layer.kernels, layer.biases)
    )
    found = ops.convert_to_numpy(layer(inputs))
    assert found.shape == (5, 3, 4)
    for example, expert in np.ndindex(5, 3):
        x = inputs[example] if inputs is ONE else inputs[example, expert]
        for kernel, bias in zip(kernels, biases, strict=True):
            x = np.maximum(x @ kernel[expert] + bias[expert], 0.0)
        np.testing.assert_allclose(found[example, expert], x, rtol=1e-4, atol=1e-5)


def test_experts_start_at_glorot_scale():
    layer = Experts(5, [64])
    layer.build((None, 32))
    values = ops.convert_to_numpy(layer.kernels[0].value)
    limit = np.sqrt(6 / (32 + 64))
    assert np.abs(values).max() <= limit
    np.testing.assert_allclose(values.std(axis=(1, 2)), limit / np.sqrt(3), rtol=0.1)


def test_dropout_in_training_only():
    layer = Experts(3, [64], dropout=0.5)
    still = [ops.convert_to_numpy(layer(ONE, training=False)) for _ in range(2)]
    moved = ops.convert_to_numpy(layer(ONE, training=True))
    np.testing.assert_array_equal(*still)
    assert 0.5 < (moved == 0).mean() < 0.95  # ReLU's zeros, and half of the others


def test_no_layer_is_refused():
    with pytest.raises(ModelError, match="one layer at least"):
        Experts(3, [])


def test_inputs_of_another_number_are_refused():
    with pytest.raises(ModelError, match="there are 4 experts, and inputs of 3"):
        Experts(4, [7])(OWN)
