"""The products of pairs, one pair after the other."""

import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import FactorizationMachine


@pytest.mark.parametrize("count", [1, 2, 7])
def test_every_pair_once(count):
    vectors = np.random.default_rng(0).normal(size=(3, count, 4)).astype("float32")
    expected = np.zeros((3, 4))
    for j in range(count):
        for i in range(j):
            expected += vectors[:, i] * vectors[:, j]
    found = ops.convert_to_numpy(FactorizationMachine()(vectors))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_a_zero_vector_interacts_with_nothing():
    vectors = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("float32")
    with_zero = np.concatenate([vectors, np.zeros((2, 1, 4), "float32")], axis=1)
    found, expected = (
        ops.convert_to_numpy(FactorizationMachine()(v)) for v in (with_zero, vectors)
    )
    np.testing.assert_allclose(found, expected, atol=1e-6)
