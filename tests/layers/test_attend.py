import warnings

import numpy as np
import pytest
from keras import ops

from infnet_keras.layers.infnet.attend import attend

DRAWS = np.random.default_rng(8)
QUERIES = DRAWS.normal(size=(4, 3, 8)).astype("float32")
TOKENS = DRAWS.normal(size=(4, 6, 8)).astype("float32")
MASK = np.arange(6) < np.array([[0], [6], [1], [4]])


def expected(mask):
    """Example by example, query by query, over the valid tokens only."""
    outputs, weights = np.zeros((4, 3, 8)), np.zeros((4, 3, 6))
    for b in range(4):
        valid = np.flatnonzero(mask[b])
        for n in range(3):
            if len(valid):
                raised = np.exp(TOKENS[b, valid].astype("float64") @ QUERIES[b, n])
                weights[b, n, valid] = raised / raised.sum()
                outputs[b, n] = weights[b, n] @ TOKENS[b]
    return outputs, weights


@pytest.mark.parametrize("return_weights", [False, True])
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
def test_softmax_over_the_valid_tokens(mask, return_weights):
    bool_mask = None if mask is None else ops.convert_to_tensor(mask)
    outputs, weights = attend(
        ops.convert_to_tensor(QUERIES), ops.convert_to_tensor(TOKENS), bool_mask, return_weights
    )
    reference, reference_weights = expected(np.ones((4, 6), bool) if mask is None else mask)
    np.testing.assert_allclose(ops.convert_to_numpy(outputs), reference, rtol=1e-4, atol=1e-6)
    if return_weights:
        found = ops.convert_to_numpy(weights)
        np.testing.assert_allclose(found, reference_weights, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("batch", [0, 1, 3, 300])
@pytest.mark.parametrize("count", [0, 1, 255, 256, 700])
def test_many_queries_get_what_few_get(batch, count):
    draws = np.random.default_rng(9)
    queries = ops.convert_to_tensor(draws.normal(size=(batch, count, 4)).astype("float32"))
    tokens = ops.convert_to_tensor(draws.normal(size=(batch, 5, 4)).astype("float32"))
    mask = ops.convert_to_tensor(np.arange(5) < draws.integers(0, 6, (batch, 1)))
    found, _ = attend(queries, tokens, mask, many_queries=True)
    few, _ = attend(queries, tokens, mask)
    assert tuple(found.shape) == (batch, count, 4)
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), ops.convert_to_numpy(few), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("return_weights", [False, True])
@pytest.mark.parametrize("many_queries", [False, True])
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
def test_silu_of_each_score_is_not_normalised(mask, many_queries, return_weights):
    outputs, weights = attend(
        ops.convert_to_tensor(QUERIES),
        ops.convert_to_tensor(TOKENS),
        None if mask is None else ops.convert_to_tensor(mask),
        return_weights,
        many_queries,
        activation="silu",
    )
    scores = np.einsum("bnd,bld->bnl", QUERIES.astype("float64"), TOKENS)
    reference = scores / (1 + np.exp(-scores))
    reference *= 1.0 if mask is None else mask[:, None]
    if return_weights:
        found = ops.convert_to_numpy(weights)
        np.testing.assert_allclose(found, reference, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        ops.convert_to_numpy(outputs), reference @ TOKENS, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("return_weights", [False, True])
def test_half_precision_survives_padding_and_large_scores(dtype, return_weights):
    queries = ops.cast(ops.convert_to_tensor(QUERIES * 30.0), dtype)
    tokens = ops.cast(ops.convert_to_tensor(TOKENS * 30.0), dtype)
    outputs, weights = attend(queries, tokens, ops.convert_to_tensor(MASK), return_weights)
    found = ops.convert_to_numpy(ops.cast(outputs, "float32"))
    assert np.isfinite(found).all()
    assert not found[0].any()
    rounded = ops.convert_to_numpy(ops.cast(tokens, "float32"))
    np.testing.assert_allclose(found[2], np.tile(rounded[2, 0], (3, 1)), rtol=1e-2)
    if return_weights:
        assert str(ops.convert_to_numpy(weights).dtype) == "float32"


@pytest.mark.backend("torch")
def test_fused_gradients_are_those_of_the_plain_products():
    import torch

    gradients = []
    for return_weights in (False, True):
        queries = torch.tensor(QUERIES, requires_grad=True)
        tokens = torch.tensor(TOKENS, requires_grad=True)
        outputs, _ = attend(queries, tokens, torch.tensor(MASK), return_weights)
        (outputs**2).sum().backward()
        gradients.append((queries.grad, tokens.grad))
    for fused, plain in zip(*gradients, strict=True):
        assert torch.isfinite(fused).all()
        torch.testing.assert_close(fused, plain, rtol=1e-4, atol=1e-6)
    assert not gradients[0][1][0].any()  # nothing reaches an empty history


def test_a_single_token_is_no_mistake_of_the_user():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, weights = attend(QUERIES, TOKENS[:, :1], return_weights=True)
    found = ops.convert_to_numpy(weights)
    np.testing.assert_allclose(found, np.ones((4, 3, 1)), rtol=1e-6)
