"""A gated cross layer against its equation."""

import numpy as np
from keras import ops

from infnet_keras.layers import GatedCross

WIDTH = 5


def drawn():
    draws = np.random.default_rng(0)
    layer = GatedCross()
    layer.build((None, WIDTH), (None, WIDTH))
    for weight in layer.trainable_variables:
        weight.assign(draws.normal(size=weight.shape))
    return layer, draws.normal(size=(2, 4, WIDTH)).astype("float32")


def test_the_equation():
    layer, (x0, x) = drawn()
    cross, gate, bias = (
        ops.convert_to_numpy(w.value) for w in (layer.cross, layer.gate, layer.bias)
    )
    found = ops.convert_to_numpy(layer(x0, x))
    for row in range(4):
        for j in range(WIDTH):
            opened = 1 / (1 + np.exp(-(x[row] @ gate[:, j])))
            expected = x0[row, j] * (x[row] @ cross[:, j] + bias[j]) * opened + x[row, j]
            np.testing.assert_allclose(found[row, j], expected, rtol=1e-4, atol=1e-5)


def test_a_closed_gate_lets_nothing_through():
    layer, (x0, _) = drawn()
    layer.gate.assign(np.full((WIDTH, WIDTH), -100.0))
    x = np.ones((4, WIDTH), "float32")
    np.testing.assert_allclose(ops.convert_to_numpy(layer(x0, x)), x, atol=1e-6)
