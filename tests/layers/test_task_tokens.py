import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import TaskTokens

INPUTS = np.zeros((5, 1), "float32")


@pytest.mark.parametrize("scale", [1.0, 0.05])
def test_vectors_start_at_the_scale_and_differ(scale):
    layer = TaskTokens(40, 30, 32, scale)
    tasks, shared = (ops.convert_to_numpy(each) for each in layer(INPUTS))
    assert tasks.shape == (5, 40, 32)
    assert shared.shape == (5, 30, 32)
    for found in (tasks, shared):
        np.testing.assert_array_equal(found, np.tile(found[:1], (5, 1, 1)))
        np.testing.assert_allclose(found[0].std(), scale, rtol=0.1)
        assert abs(found[0].mean()) < 0.15 * scale
    assert not np.isclose(tasks[0, :30], shared[0]).all(axis=1).any()


def test_one_vector_is_all_rows():
    layer = TaskTokens(3, 2, 8, one_vector=True)
    tasks, shared = (ops.convert_to_numpy(each) for each in layer(INPUTS))
    (vector,) = layer.weights
    assert tuple(vector.shape) == (1, 8)
    for found, rows in ((tasks, 3), (shared, 2)):
        np.testing.assert_array_equal(
            found, np.broadcast_to(ops.convert_to_numpy(vector.value), (5, rows, 8))
        )


@pytest.mark.parametrize("one_vector", [False, True])
def test_shared_tokens_may_be_left_out(one_vector):
    layer = TaskTokens(3, 0, 8, one_vector=one_vector)
    tasks, shared = layer(INPUTS)
    assert shared is None
    assert tuple(tasks.shape) == (5, 3, 8)
    assert len(layer.weights) == 1
