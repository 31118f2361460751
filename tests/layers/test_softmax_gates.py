import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers import SoftmaxGates

DRAWS = np.random.default_rng(1)
ONE = DRAWS.normal(size=(5, 8)).astype("float32")
OWN = DRAWS.normal(size=(5, 3, 8)).astype("float32")


@pytest.mark.parametrize("inputs", [ONE, OWN], ids=["one_input", "inputs_of_their_own"])
def test_a_softmax_of_each_gates_own(inputs):
    layer = SoftmaxGates(3, experts=4)
    found = ops.convert_to_numpy(layer(inputs))
    kernel = ops.convert_to_numpy(layer.kernel.value)
    assert found.shape == (5, 3, 4)
    for example, gate in np.ndindex(5, 3):
        x = inputs[example] if inputs is ONE else inputs[example, gate]
        powers = np.exp(x @ kernel[gate])
        np.testing.assert_allclose(found[example, gate], powers / powers.sum(), rtol=1e-5)


def test_far_scores_stay_finite():
    weights = ops.convert_to_numpy(SoftmaxGates(2, experts=3)(1e4 * ONE))
    assert np.isfinite(weights).all()
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-5)


def test_one_expert_needs_no_gate():
    with pytest.raises(ModelError, match="two experts at least; found 1"):
        SoftmaxGates(2, experts=1)
