"""Reads whose gradient is formed once, against the plain products differentiated as usual."""

import keras
import numpy as np
import pytest
from autodiff import value_and_gradients
from keras import ops

from infnet_keras.layers.infnet.attend import attend
from infnet_keras.layers.infnet.one_gradient import gradient_slots

ROWS = (4, 1, 3)
MASK = np.arange(6) < np.array([[0], [6], [1], [4]])
TOLERANCE = {"float32": 2e-5, "float64": 1e-11}


def tensors(dtype):
    draws = np.random.default_rng(5)
    shapes = [(4, 6, 8), *((4, rows, 8) for rows in ROWS)]
    return [ops.convert_to_tensor(draws.normal(size=shape), dtype=dtype) for shape in shapes]


def plain(tokens, queries, mask):
    """Each attention by itself; rows that see nothing give 0. (Keras' matmul on torch and its
    softmax are exact to 1e-7 alone.)"""
    seen = 1.0 if mask is None else ops.cast(mask, tokens.dtype)[:, None]
    outputs = []
    for rows in queries:
        scores = ops.sum(rows[:, :, None] * tokens[:, None], axis=-1)
        raised = ops.exp(scores) * seen
        total = ops.sum(raised, axis=-1, keepdims=True)
        weights = raised / (total + ops.cast(total == 0, total.dtype))
        outputs.append(ops.sum(weights[..., None] * tokens[:, None], axis=2))
    return outputs


def through_slots(tokens, queries, mask):
    slots = gradient_slots(tokens, mask, [rows.shape[1] for rows in queries])
    return [
        attend(rows, tokens, mask, slot=slot)[0] for rows, slot in zip(queries, slots, strict=True)
    ]


def chained(read):
    """Later queries depend on earlier outputs, and something else reads the tokens too."""

    def function(values, mask):
        tokens, *queries = values
        first = read(tokens, queries[:1], mask)[0]
        rest = read(tokens, [queries[1] + first[:, :1], queries[2] * first[:, 1:]], mask)
        other = ops.sum(tokens * tokens, axis=1, keepdims=True)
        return ops.concatenate([first, *rest, other], axis=1)

    return function


def joined(read):
    return lambda values, mask: ops.concatenate(read(values[0], values[1:], mask), axis=1)


@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
@pytest.mark.parametrize("use", [joined, chained])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_gradients_are_those_of_the_plain_products(dtype, use, mask):
    if dtype == "float64" and keras.backend.backend() == "jax":
        import jax

        with jax.enable_x64(True):
            check(dtype, use, mask)
    else:
        check(dtype, use, mask)


def check(dtype, use, mask):
    given = tensors(dtype)
    weights = np.random.default_rng(6).normal(size=(4, sum(ROWS) + (use is chained), 8))
    mask = None if mask is None else ops.convert_to_tensor(mask)
    value, gradients = value_and_gradients(lambda t: use(through_slots)(t, mask), given, weights)
    expected, reference = value_and_gradients(lambda t: use(plain)(t, mask), given, weights)
    close = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    np.testing.assert_allclose(value, expected, **close)
    for found, wanted in zip(gradients, reference, strict=True):
        np.testing.assert_allclose(found, wanted, **close)


def test_a_read_that_nothing_uses_adds_nothing():
    given = tensors("float32")
    weights = np.random.default_rng(6).normal(size=(4, ROWS[2], 8))
    _, gradients = value_and_gradients(
        lambda t: through_slots(t[0], t[1:], None)[2], given, weights
    )
    _, reference = value_and_gradients(lambda t: plain(t[0], t[1:], None)[2], given, weights)
    for found, wanted in zip(gradients, reference, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_near(dtype):
    given = [ops.cast(each, dtype) for each in tensors("float32")]
    mask = ops.convert_to_tensor(MASK)
    weights = np.random.default_rng(6).normal(size=(4, sum(ROWS), 8))
    _, gradients = value_and_gradients(
        lambda t: ops.concatenate(through_slots(t[0], t[1:], mask), axis=1), given, weights
    )
    exact = [ops.cast(each, "float32") for each in given]
    _, reference = value_and_gradients(
        lambda t: ops.concatenate(plain(t[0], t[1:], mask), axis=1), exact, weights
    )
    for found, wanted in zip(gradients, reference, strict=True):
        assert np.linalg.norm(found - wanted) < 0.02 * np.linalg.norm(wanted)


@pytest.mark.backend("jax")
def test_one_product_makes_the_gradient_of_the_tokens():
    import jax

    def usual(tokens, queries, mask):
        return [attend(rows, tokens, mask)[0] for rows in queries]

    def products_of_tokens_size(read):
        def scalar(given):
            return ops.sum(ops.sin(ops.concatenate(read(given[0], given[1:], None), axis=1)))

        text = jax.jit(jax.grad(scalar)).lower(tensors("float32")).compile().as_text()
        return text.count("f32[4,6,8]{2,1,0} dot(")

    assert products_of_tokens_size(usual) > len(ROWS)
    assert products_of_tokens_size(through_slots) == 1
