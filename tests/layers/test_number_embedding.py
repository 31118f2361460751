"""The token of a number, against NumPy."""

import numpy as np
import pytest
from autodiff import value_and_gradients
from keras import ops

from infnet_keras.layers import NumberEmbedding

NUMBERS = np.array([[0.0], [1.5], [np.nan], [-10.0], [10.0]], "float32")
KNOWN = ~np.isnan(NUMBERS[:, 0])


def weight(value):
    return ops.convert_to_numpy(value.value).astype("float64")


@pytest.mark.parametrize("frequencies", [0, 3])
def test_a_token_and_the_vector_of_a_missing_number(frequencies):
    layer = NumberEmbedding(4, frequencies, frequency_scale=0.5)
    found = ops.convert_to_numpy(layer(NUMBERS))
    features = np.nan_to_num(NUMBERS.astype("float64"))
    if frequencies:
        angles = 2 * np.pi * features * weight(layer.frequency)
        features = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    expected = features @ weight(layer.kernel) + weight(layer.bias)
    np.testing.assert_allclose(found[KNOWN], expected[KNOWN], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[~KNOWN], weight(layer.missing)[None], rtol=1e-6)


def test_a_row_with_one_number_missing_is_missing():
    layer = NumberEmbedding(4)
    rows = np.array([[1.0, 2.0], [1.0, np.nan], [np.nan, np.nan]], "float32")
    found = ops.convert_to_numpy(layer(rows))
    np.testing.assert_allclose(found[1:], np.tile(weight(layer.missing), (2, 1)), rtol=1e-6)
    assert not np.allclose(found[0], found[1])


@pytest.mark.parametrize("frequencies", [0, 3])
def test_a_missing_number_moves_its_vector_alone(frequencies):
    """No NaN comes back in the gradients, and the vector of missing ones has that of its row."""
    layer = NumberEmbedding(4, frequencies)
    layer.build(NUMBERS.shape)
    variables = layer.trainable_variables
    numbers = np.full((3, 1), np.nan, "float32")

    def tokens(values):
        return layer.stateless_call(values, [], numbers)[0]

    tensors = [ops.convert_to_tensor(v.value) for v in variables]
    _, gradients = value_and_gradients(tokens, tensors, np.ones((3, 4)))
    for variable, gradient in zip(variables, gradients, strict=True):
        expected = 3.0 if variable.path == layer.missing.path else 0.0
        np.testing.assert_allclose(
            gradient, np.full(variable.shape, expected), err_msg=variable.path
        )


def test_tokens_start_as_small_as_rows_of_tables():
    found = ops.convert_to_numpy(NumberEmbedding(64)(np.ones((1, 1), "float32")))
    assert 0.005 < found.std() < 0.03
