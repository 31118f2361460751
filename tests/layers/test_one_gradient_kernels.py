"""The kernels for a GPU, run without one, against the plain products.

JAX's run by its own operations; torch's by Triton's interpreter, in a process of its own, as it is
chosen when Triton is imported.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

SHAPES = [(64, 5), (70, 17), (3, 1), (130, 64)]  # tokens, queries


def given(length, count):
    draws = np.random.default_rng(length)
    tokens = draws.normal(size=(3, length, 16)).astype("float32")
    queries, gradient = draws.normal(size=(2, 3, count, 16)).astype("float32") * 0.5
    visible = draws.random((3, 1, length)) < 0.5
    visible[0] = True
    visible[:, :, 0] = True
    return tokens, queries, gradient, visible


def expected(tokens, queries, gradient, visible):
    """Outputs and the two gradients, in float64."""
    tokens, queries, gradient = (each.astype("float64") for each in (tokens, queries, gradient))
    raised = np.exp(np.einsum("bnd,bld->bnl", queries, tokens)) * visible
    weights = raised / raised.sum(-1, keepdims=True)
    through = np.einsum("bnd,bld->bnl", gradient, tokens)
    of_scores = weights * (through - (weights * through).sum(-1, keepdims=True))
    return (
        weights @ tokens,
        of_scores @ tokens,
        np.einsum("bnl,bnd->bld", of_scores, queries)
        + np.einsum("bnl,bnd->bld", weights, gradient),
    )


def check(kernels, as_tensor, length, count, masked):
    tokens, queries, gradient, visible = given(length, count)
    seen = visible if masked else np.ones_like(visible)
    outputs, of_queries, of_tokens = expected(tokens, queries, gradient, seen)
    given_tensors = [as_tensor(each) for each in (tokens, queries, gradient)]
    t, q, g = given_tensors
    v = as_tensor(visible) if masked else None
    found, sums = kernels.attend(q, t, v)
    through = (found * g).sum(-1)
    close = {"rtol": 1e-4, "atol": 2e-5}
    np.testing.assert_allclose(np.asarray(found), outputs, **close)
    rows = (q, g, sums, through)
    np.testing.assert_allclose(
        np.asarray(kernels.gradient_of_queries(t, v, *rows)), of_queries, **close
    )
    np.testing.assert_allclose(
        np.asarray(kernels.gradient_of_tokens(t, v, *rows)), of_tokens, **close
    )


@pytest.mark.backend("jax")
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("length", "count"), SHAPES)
def test_jax(length, count, masked, monkeypatch):
    import jax.numpy as jnp

    from infnet_keras.layers.infnet.one_gradient import jax_kernels

    monkeypatch.setattr(jax_kernels, "INTERPRET", True)
    check(jax_kernels, jnp.asarray, length, count, masked)


@pytest.mark.backend("jax")
def test_the_kernels_compile_for_a_gpu():
    import jax
    import jax.numpy as jnp

    from infnet_keras.layers.infnet.one_gradient import jax_kernels as kernels

    for dtype in (jnp.bfloat16, jnp.float32):
        tokens = jax.ShapeDtypeStruct((4, 89, 64), dtype)
        row = jax.ShapeDtypeStruct((4, 10, 64), dtype)
        number = jax.ShapeDtypeStruct((4, 10), jnp.float32)
        visible = jax.ShapeDtypeStruct((4, 1, 89), bool)
        rows = (row, row, number, number)
        for function, arguments in (
            (kernels.attend, (row, tokens, visible)),
            (kernels.gradient_of_queries, (tokens, visible, *rows)),
            (kernels.gradient_of_tokens, (tokens, visible, *rows)),
        ):
            traced = jax.jit(function).trace(*arguments)
            assert "triton" in traced.lower(lowering_platforms=("cuda",)).as_text()


@pytest.mark.backend("jax")
def test_slots_of_kernels_differentiate_like_the_plain_ones(monkeypatch):
    import jax
    import jax.numpy as jnp

    from infnet_keras.layers.infnet.one_gradient import (
        attend_into_slot,
        gradient_slots,
        jax_kernels,
    )

    tokens, queries, _, visible = map(jnp.asarray, given(70, 6))

    def scalar(tokens, queries):
        slots = gradient_slots(tokens, visible[:, 0], [6, 2])
        first = attend_into_slot(queries, tokens, visible, slots[0])
        return jnp.sum(jnp.sin(attend_into_slot(first[:, :2], tokens, visible, slots[1])))

    plain = jax.grad(scalar, (0, 1))(tokens, queries)
    monkeypatch.setattr(jax_kernels, "INTERPRET", True)
    for found, wanted in zip(jax.grad(scalar, (0, 1))(tokens, queries), plain, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.backend("torch")
def test_torch():
    pytest.importorskip("triton", reason="Triton has no wheel for this machine")
    environment = os.environ | {"TRITON_INTERPRET": "1", "KERAS_BACKEND": "torch"}
    subprocess.run([sys.executable, __file__], check=True, env=environment)


def _torch_in_a_process_of_its_own():
    import torch

    from infnet_keras.layers.infnet.one_gradient import (
        attend_into_slot,
        gradient_slots,
        torch_kernels,
    )

    for length, count in SHAPES:
        for masked in (False, True):
            check(torch_kernels, torch.tensor, length, count, masked)
    tokens, queries, _, visible = map(torch.tensor, given(70, 6))
    found = []
    for interpreted in ("1", "0"):
        os.environ["TRITON_INTERPRET"] = interpreted
        t, q = tokens.clone().requires_grad_(), queries.clone().requires_grad_()
        slots = gradient_slots(t, visible[:, 0], [6, 2])
        assert len(slots[0]) == (4 if interpreted == "1" else 2)
        first = attend_into_slot(q, t, visible, slots[0])
        torch.sin(attend_into_slot(first[:, :2], t, visible, slots[1])).sum().backward()
        found.append((t.grad, q.grad))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    check_torch_without_gradient(tokens, queries, visible[:, 0])


def check_torch_without_gradient(tokens, queries, mask):
    """Predictions read the tokens by the same kernel; a gradient, or many queries, by torch's."""
    import torch

    from infnet_keras.layers.infnet.attend import attend
    from infnet_keras.layers.infnet.one_gradient import torch_kernels

    os.environ["TRITON_INTERPRET"] = "1"
    runs, attended = [], torch_kernels.attend
    torch_kernels.attend = lambda *given: runs.append(len(given[0])) or attended(*given)
    mask = mask.clone()
    mask[0] = False  # attends to nothing
    many = queries.repeat(1, 40, 1)
    for asked in (queries, many):
        wanted = attend(asked.clone().requires_grad_(), tokens, mask)[0]
        assert not runs
        with torch.no_grad():
            found = attend(asked, tokens, mask)[0]
        assert len(runs) == (asked is queries)
        runs.clear()
        torch.testing.assert_close(found, wanted.detach(), rtol=1e-4, atol=1e-5)
        assert not found[0].any()


if __name__ == "__main__":
    _torch_in_a_process_of_its_own()
