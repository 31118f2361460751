"""Interests that evolve towards each candidate, from the recurrence that its own tests hold."""

import numpy as np
from keras import ops

from infnet_keras.layers import InterestEvolution

WIDTH, LENGTH, QUERY = 3, 4, 2


def test_attention_is_a_softmax_of_the_valid_states():
    draws = np.random.default_rng(0)
    layer = InterestEvolution()
    layer.build((None, None, QUERY), (None, LENGTH, WIDTH))
    for weight in layer.trainable_variables:
        weight.assign(draws.normal(size=weight.shape))
    queries = draws.normal(size=(4, 2, QUERY)).astype("float32")
    steps = draws.normal(size=(4, LENGTH, WIDTH)).astype("float32")
    mask = np.arange(LENGTH) < np.array([[0], [4], [1], [2]])
    found = ops.convert_to_numpy(layer(queries, steps, mask))
    states = ops.convert_to_numpy(layer.extractor(steps, mask))[:, 0]
    kernel = ops.convert_to_numpy(layer.attention.value)
    np.testing.assert_array_equal(found[0], np.zeros((2, WIDTH)))
    for row in range(1, 4):
        count = mask[row].sum()
        for n in range(2):
            scores = np.array([h @ kernel @ queries[row, n] for h in states[row, :count]])
            attention = np.zeros((1, 1, LENGTH), "float32")
            attention[0, 0, :count] = np.exp(scores) / np.exp(scores).sum()
            alone = layer.evolution(states[[row]], mask[[row]], attention)
            expected = ops.convert_to_numpy(alone)[0, 0, count - 1]
            np.testing.assert_allclose(found[row, n], expected, rtol=1e-4, atol=1e-5)
