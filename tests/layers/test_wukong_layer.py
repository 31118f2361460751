"""A layer of WuKong, its products of pairs written out."""

import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import WuKongLayer

DIM = 4


@pytest.mark.parametrize("count", [5, 3])  # compressed, and kept as they are
def test_the_equations(count):
    draws = np.random.default_rng(0)
    layer = WuKongLayer(2, 1, rank=3)
    layer.build((None, count, DIM))
    for weight in layer.trainable_variables:
        weight.assign(draws.normal(size=weight.shape))
    vectors = draws.normal(size=(3, count, DIM)).astype("float32")
    found = ops.convert_to_numpy(layer(vectors))
    assert (layer.residual is None) is (count == 3)
    for example, x in enumerate(vectors):
        flat = norm(
            (x @ x.T @ ops.convert_to_numpy(layer.projection.value)).reshape(-1),
            layer.product_norm,
        )
        dense = layer.perceptron.dense_layers[0]
        flat = flat @ ops.convert_to_numpy(dense.kernel.value)
        made = (flat + ops.convert_to_numpy(dense.bias.value)).reshape(2, DIM)
        linear = ops.convert_to_numpy(layer.linear.value) @ x
        kept = x if count == 3 else ops.convert_to_numpy(layer.residual.value) @ x
        for row, expected in enumerate(np.concatenate([made, linear]) + kept):
            np.testing.assert_allclose(
                found[example, row], norm(expected, layer.norm), rtol=1e-3, atol=1e-4
            )


def norm(x, layer):
    gamma, beta = (ops.convert_to_numpy(w.value) for w in (layer.gamma, layer.beta))
    return (x - x.mean()) / np.sqrt(x.var() + 1e-3) * gamma + beta
