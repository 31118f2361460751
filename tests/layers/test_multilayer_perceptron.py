import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import MultilayerPerceptron

INPUTS = np.random.default_rng(1).normal(size=(6, 4)).astype("float32")


@pytest.mark.parametrize("activation", [None, "relu", "tanh"])
@pytest.mark.parametrize("hidden", [[], [5], [5, 3]])
def test_dense_layers_with_relu_between(hidden, activation):
    layer = MultilayerPerceptron(hidden, 2, activation)
    found = ops.convert_to_numpy(layer(INPUTS))
    x = INPUTS.astype("float64")
    last = {None: lambda x: x, "relu": lambda x: np.maximum(x, 0.0), "tanh": np.tanh}[activation]
    weights = [ops.convert_to_numpy(w.value) for w in layer.weights]
    for index in range(len(hidden) + 1):
        x = x @ weights[2 * index] + weights[2 * index + 1]
        x = np.maximum(x, 0.0) if index < len(hidden) else last(x)
    np.testing.assert_allclose(found, x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("activation", [None, "relu"])
def test_dropout_follows_each_activation_in_training_only(activation):
    layer = MultilayerPerceptron([], 400, activation, dropout=0.5)
    still = ops.convert_to_numpy(layer(INPUTS, training=False))
    trained = ops.convert_to_numpy(layer(INPUTS, training=True))
    if activation is None:  # a linear output is not dropped
        np.testing.assert_array_equal(trained, still)
        return
    alive = still > 0
    gone = alive & (trained == 0)
    assert 0.4 < gone.sum() / alive.sum() < 0.6
    np.testing.assert_allclose(trained[alive & ~gone], 2 * still[alive & ~gone], rtol=1e-5)


def test_hidden_dropout_moves_the_output_in_training_only():
    layer = MultilayerPerceptron([50], 3, dropout=0.5)
    still = [ops.convert_to_numpy(layer(INPUTS, training=False)) for _ in range(2)]
    np.testing.assert_array_equal(*still)
    assert np.abs(ops.convert_to_numpy(layer(INPUTS, training=True)) - still[0]).max() > 1e-3
