"""Target attention against the unit's equation, step by step."""

import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import TargetAttention

WIDTH, LENGTH = 4, 3


def drawn(**options):
    draws = np.random.default_rng(0)
    layer = TargetAttention([5], **options)
    layer.build((None, None, WIDTH), (None, LENGTH, WIDTH), (None, LENGTH, 2))
    for weight in layer.trainable_variables:
        weight.assign(draws.normal(size=weight.shape))
    queries = draws.normal(size=(4, 2, WIDTH)).astype("float32")
    keys = draws.normal(size=(4, LENGTH, WIDTH)).astype("float32")
    values = draws.normal(size=(4, LENGTH, 2)).astype("float32")
    mask = np.arange(LENGTH) < np.array([[0], [3], [1], [2]])
    return layer, queries, keys, values, mask


def score(layer, q, k):
    w = {weight.name: ops.convert_to_numpy(weight.value) for weight in layer.trainable_variables}
    x = q @ w["query"] + k @ w["key"] + (q - k) @ w["difference"] + (q * k) @ w["product"]
    x = x + w["bias_0"]
    x = np.where(x > 0, x, w["slope_0"] * x)
    return (x @ w["kernel_1"])[0] + w.get("last_bias", [0.0])[0]


@pytest.mark.parametrize("softmax", [False, True])
def test_the_equation(softmax):
    layer, queries, keys, values, mask = drawn(softmax=softmax)
    found = ops.convert_to_numpy(layer(queries, keys, values, mask))
    for row in range(4):
        for n in range(2):
            weights = [score(layer, queries[row, n], k) for k in keys[row][mask[row]]]
            if softmax and weights:
                weights = np.exp(weights) / np.exp(weights).sum()
            expected = sum(
                (w * v for w, v in zip(weights, values[row][mask[row]], strict=True)), np.zeros(2)
            )
            np.testing.assert_allclose(found[row, n], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("softmax", [False, True])
def test_padding_is_not_read(softmax):
    layer, queries, keys, values, mask = drawn(softmax=softmax)
    found = ops.convert_to_numpy(layer(queries, keys, values, mask))
    keys[~mask] = 7.0
    values[~mask] = 9.0
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(queries, keys, values, mask)), found)
    assert (found[0] == 0).all()
