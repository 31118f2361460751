import numpy as np
from keras import ops

from infnet_keras.layers import SequenceTokens

DRAWS = np.random.default_rng(4)
EMBEDDINGS = [DRAWS.normal(size=(4, n, 8)).astype("float32") for n in (3, 5)]
LENGTHS = np.array([[0, 0], [3, 5], [2, 0], [1, 4]])
MASKS = [np.arange(n) < LENGTHS[:, [a]] for a, n in enumerate((3, 5))]


def run(**options):
    layer = SequenceTokens(**options)
    layer.build([e.shape for e in EMBEDDINGS])
    for index, weight in enumerate(layer.weights):
        weight.assign(np.random.default_rng(index).normal(size=weight.shape))
    tokens, mask, proxies = (
        ops.convert_to_numpy(value) for value in layer(embeddings=EMBEDDINGS, masks=MASKS)
    )
    weights = {w.path.split("/", 1)[-1]: ops.convert_to_numpy(w.value) for w in layer.weights}
    return tokens, mask, proxies, weights


def pooled(steps_of, phi):
    """Sum of phi over each history's valid steps, one step at a time."""
    return np.array(
        [
            [
                sum((phi(steps_of(a, b)[t]) for t in range(LENGTHS[b, a])), np.zeros(8))
                for a in range(2)
            ]
            for b in range(4)
        ]
    )


def test_pools_the_projected_valid_steps():
    tokens, mask, proxies, w = run()
    np.testing.assert_array_equal(tokens, np.concatenate(EMBEDDINGS, axis=1))
    np.testing.assert_array_equal(mask, np.concatenate(MASKS, axis=1))
    expected = pooled(lambda a, b: EMBEDDINGS[a][b], lambda s: s @ w["kernel"] + w["bias"])
    np.testing.assert_allclose(proxies, expected, rtol=1e-4, atol=1e-4)
    assert not proxies[0].any()  # no history at all


def test_normalised_tokens_are_what_is_pooled():
    tokens, _, proxies, w = run(normalize=True)
    moved = []
    for embedding in EMBEDDINGS:
        mean, variance = embedding.mean(-1, keepdims=True), embedding.var(-1, keepdims=True)
        normalised = (embedding - mean) / np.sqrt(variance + 1e-3)
        moved.append(normalised * w["norm/gamma"] + w["norm/beta"])
    np.testing.assert_allclose(tokens, np.concatenate(moved, axis=1), rtol=1e-4, atol=1e-5)
    expected = pooled(lambda a, b: moved[a][b], lambda s: s @ w["kernel"] + w["bias"])
    np.testing.assert_allclose(proxies, expected, rtol=1e-3, atol=1e-3)


def test_proxies_may_be_left_out():
    layer = SequenceTokens(num_proxies=0)
    tokens, mask, proxies = layer(embeddings=EMBEDDINGS, masks=MASKS)
    assert proxies is None
    assert layer.weights == []
    np.testing.assert_array_equal(ops.convert_to_numpy(tokens), np.concatenate(EMBEDDINGS, axis=1))
    np.testing.assert_array_equal(ops.convert_to_numpy(mask), np.concatenate(MASKS, axis=1))


def test_hidden_layers_see_single_steps():
    _, _, proxies, w = run(hidden=[6, 5])

    def phi(step):
        for layer in ("hidden_0", "hidden_1"):
            step = np.maximum(step @ w[f"{layer}/kernel"] + w[f"{layer}/bias"], 0.0)
        return step @ w["kernel"] + w["bias"]

    expected = pooled(lambda a, b: EMBEDDINGS[a][b], phi)
    np.testing.assert_allclose(proxies, expected, rtol=1e-3, atol=1e-3)


def test_positions_count_from_the_latest_and_proxies_are_mixed():
    tokens, _, proxies, w = run(position=True, num_proxies=3)
    added = [np.zeros_like(e) for e in EMBEDDINGS]
    for a in range(2):
        for b in range(4):
            for t in range(LENGTHS[b, a]):
                added[a][b, t] = w["positions"][LENGTHS[b, a] - 1 - t]
    moved = [e + extra for e, extra in zip(EMBEDDINGS, added, strict=True)]
    np.testing.assert_allclose(tokens, np.concatenate(moved, axis=1), rtol=1e-5, atol=1e-6)
    one_per_sequence = pooled(lambda a, b: moved[a][b], lambda s: s @ w["kernel"] + w["bias"])
    expected = np.einsum("kf,bfd->bkd", w["mixing"], one_per_sequence)
    np.testing.assert_allclose(proxies, expected, rtol=1e-3, atol=1e-3)
