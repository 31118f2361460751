import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers import ProxyCrossAttention

DRAWS = np.random.default_rng(2)
QUERIES = [DRAWS.normal(size=(4, n, 8)).astype("float32") for n in (3, 2)]
TOKENS = DRAWS.normal(size=(4, 6, 8)).astype("float32")
GATE = DRAWS.uniform(0.2, 1.0, size=(4, 8)).astype("float32")
MASK = np.arange(6) < np.array([[0], [6], [1], [4]])


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def silu(scores):
    return scores / (1 + np.exp(-scores))


def formula(layer, queries, tokens, mask, heads, activate=softmax):
    """CA with keys and values projected, one example, query set and head at a time."""
    wq, wk, wv = (ops.convert_to_numpy(w.value).astype("float64") for w in layer.weights[:3])
    dk = 8 // heads
    outputs, weights = [], []
    for i, query in enumerate(queries):
        found = np.zeros(query.shape)
        attention = np.zeros((len(query), heads, query.shape[1], tokens.shape[1]))
        for b in range(len(query)):
            valid = np.flatnonzero(mask[b])
            if not len(valid):
                continue
            k, v = tokens[b, valid] @ wk[i], tokens[b, valid] @ wv[i]
            for h in range(heads):
                part = slice(h * dk, (h + 1) * dk)
                scores = (query[b] @ wq[i])[:, part] @ k[:, part].T / np.sqrt(dk)
                a = activate(scores)
                attention[b, h][:, valid] = a
                found[b][:, part] = a @ v[:, part]
        outputs.append(found)
        weights.append(attention)
    return outputs, weights


@pytest.mark.parametrize("heads", [1, 2])
def test_equals_the_formula_with_gated_tokens(heads):
    layer = ProxyCrossAttention(heads)
    arguments = {"tokens_mask": MASK, "gate": GATE}
    outputs = layer(QUERIES, TOKENS, **arguments)
    expected, weights = formula(layer, QUERIES, TOKENS * GATE[:, None], MASK, heads)
    for found, reference in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(found), reference, rtol=1e-4, atol=1e-5)
    again, found_weights = layer(QUERIES, TOKENS, **arguments, return_weights=True)
    for found, reference in zip([*again, *found_weights], [*expected, *weights], strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(found), reference, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("activation", ["softmax", "silu"])
def test_activation_and_output_gate(activation, gated, heads):
    layer = ProxyCrossAttention(heads, activation, output_gate=gated)
    arguments = {"tokens_mask": MASK, "gate": GATE}
    outputs = layer(QUERIES, TOKENS, **arguments)
    assert len(layer.weights) == 3 + gated
    activate = {"softmax": softmax, "silu": silu}[activation]
    expected, weights = formula(layer, QUERIES, TOKENS * GATE[:, None], MASK, heads, activate)
    if gated:
        kernels = ops.convert_to_numpy(layer.gate_kernels.value)
        for i, query in enumerate(QUERIES):
            expected[i] = expected[i] / (1 + np.exp(-query @ kernels[i]))
    again, found_weights = layer(QUERIES, TOKENS, **arguments, return_weights=True)
    for found, reference in zip(
        [*outputs, *again, *found_weights], [*expected, *expected, *weights], strict=True
    ):
        np.testing.assert_allclose(ops.convert_to_numpy(found), reference, rtol=1e-3, atol=1e-4)


def test_a_plain_tensor_for_the_queries_is_refused():
    with pytest.raises(ModelError, match=r"found one tensor of shape \(4, 3, 8\): put it into a"):
        ProxyCrossAttention()(QUERIES[0], TOKENS)


def test_an_unknown_activation_is_refused():
    with pytest.raises(ModelError, match="'softmax' or 'silu', not 'gelu'"):
        ProxyCrossAttention(activation="gelu")


@pytest.mark.parametrize("return_weights", [False, True])
def test_candidates_share_tokens(return_weights):
    layer = ProxyCrossAttention(2)
    arguments = {"gate": GATE, "return_weights": return_weights}
    # Rows 0, 1 are candidates of the first history, rows 2, 3 of the second.
    shared = layer(QUERIES, TOKENS[2:], tokens_mask=MASK[2:], shared_tokens=True, **arguments)
    copied = layer(
        QUERIES, TOKENS[2:].repeat(2, axis=0), tokens_mask=MASK[2:].repeat(2, axis=0), **arguments
    )
    if return_weights:
        shared, copied = [*shared[0], *shared[1]], [*copied[0], *copied[1]]
    for found, reference in zip(shared, copied, strict=True):
        np.testing.assert_allclose(
            ops.convert_to_numpy(found), ops.convert_to_numpy(reference), rtol=1e-5, atol=1e-6
        )


def test_every_set_starts_at_glorot_scale():
    layer = ProxyCrossAttention()
    layer.build([(None, 2, 64)] * 3, (None, 5, 64))
    limit = np.sqrt(6 / (64 + 64))
    for weight in layer.weights:
        values = ops.convert_to_numpy(weight.value)
        assert np.abs(values).max() <= limit
        np.testing.assert_allclose(values.std(), limit / np.sqrt(3), rtol=0.05)


def test_heads_must_divide_the_width():
    with pytest.raises(ModelError, match="dim 8 is not divisible by num_heads 3"):
        ProxyCrossAttention(3).build([(None, 2, 8)], (None, 5, 8))
