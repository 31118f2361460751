"""Kinds of vectors, each by a matrix of its own."""

import numpy as np
from keras import ops

from infnet_keras.layers import ProjectedSum


def test_any_subset_in_any_order():
    draws = np.random.default_rng(0)
    layer = ProjectedSum(["a", "b", "c"], 2)
    layer.build({"a": (None, 3)})
    layer.kernel.assign(draws.normal(size=(3, 3, 2)))
    kernel = ops.convert_to_numpy(layer.kernel.value)
    a, c = draws.normal(size=(2, 4, 3)).astype("float32")
    both = ops.convert_to_numpy(layer({"c": c, "a": a}))
    np.testing.assert_allclose(both, a @ kernel[0] + c @ kernel[2], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer({"c": c})), c @ kernel[2], rtol=1e-4, atol=1e-5
    )


def test_shapes_are_broadcast():
    layer = ProjectedSum(["user", "item"], 2)
    found = layer({"user": np.ones((4, 1, 3)), "item": np.ones((4, 6, 3))})
    assert tuple(found.shape) == (4, 6, 2)
