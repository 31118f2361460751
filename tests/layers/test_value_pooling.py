import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import ValuePooling

VALUES = np.random.default_rng(1).normal(size=(2, 3, 4, 5)).astype("float32")
MASK = np.arange(4) < np.array([[0, 1, 2], [3, 4, 1]])[..., None]


@pytest.mark.parametrize("pooling", ["mean", "sum"])
def test_pools_the_valid_values(pooling):
    found = ops.convert_to_numpy(ValuePooling(pooling)(VALUES, MASK))
    for index in np.ndindex(2, 3):
        valid = VALUES[index][MASK[index]]
        expected = getattr(valid, pooling)(axis=0) if len(valid) else np.zeros(5)
        np.testing.assert_allclose(found[index], expected, rtol=1e-5, atol=1e-6)


def test_unknown_pooling_is_refused():
    with pytest.raises(ValueError, match="not 'max'"):
        ValuePooling("max")
