import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import CategoricalTokens

EMBEDDINGS = [np.random.default_rng(i).normal(3.0, 2.0, (4, 8)).astype("float32") for i in range(3)]


def normalised(values):
    mean, variance = values.mean(-1, keepdims=True), values.var(-1, keepdims=True)
    return (values - mean) / np.sqrt(variance + 1e-3)


@pytest.mark.parametrize("normalize", [False, True])
def test_proxies_are_the_mlp_of_all_tokens(normalize):
    layer = CategoricalTokens(2, [5], normalize)
    tokens, proxies = (ops.convert_to_numpy(each) for each in layer(EMBEDDINGS))
    stacked = np.stack(EMBEDDINGS, axis=1)
    expected = normalised(stacked) if normalize else stacked
    np.testing.assert_allclose(tokens, expected, rtol=1e-4, atol=1e-5)
    w1, b1, w2, b2 = (ops.convert_to_numpy(w.value) for w in layer.perceptron.weights)
    hidden = np.maximum(expected.reshape(4, 24) @ w1 + b1, 0.0)
    np.testing.assert_allclose(proxies, (hidden @ w2 + b2).reshape(4, 2, 8), rtol=1e-4, atol=1e-5)


def test_proxies_may_be_left_out():
    layer = CategoricalTokens(0)
    tokens, proxies = layer(EMBEDDINGS)
    assert proxies is None
    assert layer.weights == []
    np.testing.assert_array_equal(ops.convert_to_numpy(tokens), np.stack(EMBEDDINGS, axis=1))
