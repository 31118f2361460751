"""A cross layer against its equation, product by product."""

import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import LowRankCross

WIDTH, RANK = 5, 2


@pytest.mark.parametrize("experts", [1, 3])
def test_the_equation(experts):
    draws = np.random.default_rng(0)
    layer = LowRankCross(RANK, experts)
    layer.build((None, WIDTH), (None, WIDTH))
    for weight in layer.trainable_variables:
        weight.assign(draws.normal(size=weight.shape))
    x0, x = draws.normal(size=(2, 4, WIDTH)).astype("float32")
    found = ops.convert_to_numpy(layer(x0, x))
    down, core, up, bias = (
        ops.convert_to_numpy(w.value) for w in (layer.down, layer.core, layer.up, layer.bias)
    )
    for row in range(4):
        scores = x[row] @ ops.convert_to_numpy(layer.gate.value) if experts > 1 else np.zeros(1)
        gates = np.exp(scores) / np.exp(scores).sum()
        expected = x[row].copy()
        for i in range(experts):
            hidden = np.tanh(np.tanh(x[row] @ down[i]) @ core[i])
            expected += gates[i] * x0[row] * (hidden @ up[i] + bias)
        np.testing.assert_allclose(found[row], expected, rtol=1e-4, atol=1e-5)


def test_without_interactions_it_is_the_identity():
    layer = LowRankCross(RANK)
    x = np.random.default_rng(1).normal(size=(3, WIDTH)).astype("float32")
    layer.build(x.shape, x.shape)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(np.zeros_like(x), x)), x)
