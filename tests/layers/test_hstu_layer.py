"""A layer of HSTU against its equations, one query and one key at a time."""

import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import HSTULayer

DIM, LENGTH = 4, 3


def drawn(fields, **options):
    draws = np.random.default_rng(0)
    layer = HSTULayer(fields, **options)
    layer.build((None, fields + LENGTH, DIM), (None, None, DIM), (None, LENGTH))
    for weight in layer.trainable_variables:
        weight.assign(draws.normal(size=weight.shape))
    tokens = draws.normal(size=(4, fields + LENGTH, DIM)).astype("float32")
    candidates = draws.normal(size=(4, 2, DIM)).astype("float32")
    mask = np.arange(LENGTH) < np.array([[0], [3], [1], [2]])
    return layer, tokens, candidates, mask


def silu(x):
    return x / (1 + np.exp(-x))


def plain(layer, tokens, fields, heads):
    """One row's fields, valid steps and candidate: each token sees what stands before it."""
    w = {weight.name: ops.convert_to_numpy(weight.value) for weight in layer.trainable_variables}
    u, v, q, k = (silu(tokens @ w[f"{n}_kernel"] + w[f"{n}_bias"]) for n in "uvqk")
    found = []
    for i, token in enumerate(tokens):
        read = np.zeros(DIM)
        for j in range(len(tokens)):
            if j < fields or j <= i:
                bias = w["field_bias"][j] if j < fields else w["distance_bias"][i - j]
                for part in np.split(np.arange(DIM), heads):
                    read[part] += silu(q[i, part] @ k[j, part] + bias) * v[j, part]
        normal = (read - read.mean()) / np.sqrt(read.var() + 1e-6) * w["gamma"] + w["beta"]
        found.append(token + (normal * u[i]) @ w["output_kernel"] + w["output_bias"])
    return np.array(found)


@pytest.mark.parametrize(("fields", "heads"), [(2, 1), (0, 2)])
def test_the_equations(fields, heads):
    layer, tokens, candidates, mask = drawn(fields, num_heads=heads)
    new_tokens, new_candidates = map(ops.convert_to_numpy, layer(tokens, candidates, mask))
    for row in range(4):
        seen = tokens[row, : fields + mask[row].sum()]
        for n in range(2):
            expected = plain(layer, np.concatenate([seen, candidates[row, [n]]]), fields, heads)
            found = [*new_tokens[row, : len(seen)], new_candidates[row, n]]
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_padding_is_not_read():
    layer, tokens, candidates, mask = drawn(2)
    before = list(map(ops.convert_to_numpy, layer(tokens, candidates, mask)))
    valid = np.concatenate([np.ones((4, 2), bool), mask], axis=1)
    tokens[~valid] = 9.0
    after = list(map(ops.convert_to_numpy, layer(tokens, candidates, mask)))
    np.testing.assert_array_equal(after[0][valid], before[0][valid])
    np.testing.assert_array_equal(after[1], before[1])


def test_a_last_layer_leaves_tokens_alone():
    layer, tokens, candidates, mask = drawn(1, update_tokens=False)
    kept, found = map(ops.convert_to_numpy, layer(tokens, candidates, mask))
    np.testing.assert_array_equal(kept, tokens)
    layer.update_tokens = True
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(tokens, candidates, mask)[1]), found)
