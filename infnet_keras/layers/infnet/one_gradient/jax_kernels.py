"""Kernels for a GPU that read the tokens once and write no scores, on JAX.

Each program takes one example and walks its tokens block by block. They compute what `products`
does, the weights anew in each: the weight of a token is exp(score - the query's logarithmic sum).

Reference: Dao et al., FlashAttention, arXiv 2205.14135, for few queries and keys that are values.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton

# Rows that the matrix units take at the least, tokens of one block, threads that share it by 32.
_ROWS, _BLOCK, _WARPS = 16, 64, 4
# In float32, three products of tf32 give float32's digits several times faster than its own.
_EXACT = jax.lax.DotAlgorithmPreset.TF32_TF32_F32_X3
_HIDDEN = -1e9
INTERPRET = False  # whether the kernels run by JAX's operations, as tests do without a GPU


def usable(tokens: Any, rows: list[int]) -> bool:
    """Whether the kernels run on this device and take tokens like these and attentions of so many
    queries."""
    dim = tokens.shape[-1]
    fits = (
        max(rows) <= _most_rows(tokens)
        and dim >= 16
        and dim & (dim - 1) == 0
        and tokens.dtype != jnp.float64
    )
    return fits and (INTERPRET or jax.default_backend() == "gpu")


def attend(queries: Any, tokens: Any, visible: Any) -> tuple[Any, Any]:
    """softmax(queries tokens^T) tokens [batch, n, dim], logarithmic sums float32 [batch, n]."""
    count = queries.shape[1]
    queries = _padded(queries)
    shapes = (_like(queries, tokens.dtype), jax.ShapeDtypeStruct(queries.shape[:2], jnp.float32))
    outputs, sums = _call(_attend, [queries], tokens, visible, shapes)
    return outputs[:, :count], sums[:, :count]


def gradient_of_queries(
    tokens: Any, visible: Any, queries: Any, gradient: Any, sums: Any, through: Any
) -> Any:
    """The gradient of one attention's queries.

    Args:
        tokens, visible: as `attend` takes them.
        queries: [batch, n, dim].
        gradient: of the outputs, [batch, n, dim].
        sums: logarithmic sums, float32 [batch, n].
        through: float32 [batch, n], the sum over channels of outputs times their gradient.
    """
    count = queries.shape[1]
    rows = [_padded(each) for each in (queries, gradient, sums, through)]
    shape = _like(rows[0], queries.dtype)
    found = _call(_gradient_of_queries, rows, tokens, visible, shape)
    return found[:, :count]


def gradient_of_tokens(
    tokens: Any, visible: Any, queries: Any, gradient: Any, sums: Any, through: Any
) -> Any:
    """The gradient of the tokens by all attentions, their rows side by side; see above."""
    parts = []
    most = _most_rows(tokens)
    for first in range(0, queries.shape[1], most):
        some = slice(first, first + most)
        rows = [_padded(each[:, some]) for each in (queries, gradient, sums, through)]
        shape = _like(tokens, tokens.dtype)
        parts.append(_call(_gradient_of_tokens, rows, tokens, visible, shape))
    return functools.reduce(jnp.add, parts)


def _most_rows(tokens: Any) -> int:
    """Rows that shared memory holds beside a block of tokens."""
    return 32 if tokens.dtype == jnp.float32 else 64


def _like(array: Any, dtype: Any) -> Any:
    return jax.ShapeDtypeStruct(array.shape, dtype)


def _padded(rows: Any) -> Any:
    """Rows up to a power of two that the matrix units take; those added add nothing."""
    count = rows.shape[1]
    wanted = max(_ROWS, 1 << (count - 1).bit_length())
    widths = [(0, 0), (0, wanted - count), *[(0, 0)] * (rows.ndim - 2)]
    return jnp.pad(rows, widths)


def _call(kernel: Callable[..., None], rows: list[Any], tokens: Any, visible: Any, out: Any) -> Any:
    """Run a kernel for each example: on its rows, its tokens and which of them are visible."""
    batch, length, _dim = tokens.shape
    if visible is not None:
        visible = visible.reshape(batch, length).astype(jnp.int8)
    stages = 2 if tokens.dtype == jnp.float32 else 3  # blocks on their way at once
    given = [*rows, tokens, *([] if visible is None else [visible])]

    def of_example(array: Any) -> pl.BlockSpec:
        shape = (None, *array.shape[1:])
        return pl.BlockSpec(shape, lambda b: (b, *[0] * (len(array.shape) - 1)))

    return pl.pallas_call(
        functools.partial(kernel, length=length, masked=visible is not None),
        out_shape=out,
        grid=(batch,),
        in_specs=[of_example(each) for each in given],
        out_specs=jax.tree.map(of_example, out),
        compiler_params=triton.CompilerParams(num_warps=_WARPS, num_stages=stages),
        interpret=INTERPRET,
        name=kernel.__name__.strip("_"),
    )(*given)


def _blocks(refs: Any, length: int, masked: bool, body: Any, carry: Any) -> Any:
    """carry = body(carry, tokens of a block, which count, where it stands), block by block."""
    tokens_ref, *mask_ref = refs

    def step(index: Any, carry: Any) -> Any:
        here = pl.ds(index * _BLOCK, _BLOCK)
        inside = index * _BLOCK + jnp.arange(_BLOCK) < length
        tokens = triton.load(tokens_ref.at[here, :], mask=inside[:, None], other=0.0)
        counts = inside
        if masked:
            counts = triton.load(mask_ref[0].at[here], mask=inside, other=0) != 0
        return body(carry, tokens, counts, (here, inside))

    return jax.lax.fori_loop(0, pl.cdiv(length, _BLOCK), step, carry)


def _dot(left: Any, right: Any) -> Any:
    """Their product, summed in float32; float32 is not rounded on its way into the matrix units."""
    precision = _EXACT if left.dtype == jnp.float32 and not INTERPRET else None
    return jnp.dot(left, right, precision=precision, preferred_element_type=jnp.float32)


def _attend(queries_ref: Any, *refs: Any, length: int, masked: bool) -> None:
    *tokens_refs, outputs_ref, sums_ref = refs
    queries = queries_ref[...]
    rows, dim = queries.shape

    def body(carry: Any, tokens: Any, counts: Any, _: Any) -> Any:
        top, total, outputs = carry
        scores = jnp.where(counts[None], _dot(queries, tokens.T), _HIDDEN)
        new = jnp.maximum(top, jnp.max(scores, axis=1))
        raised, shrink = jnp.exp(scores - new[:, None]), jnp.exp(top - new)
        outputs = outputs * shrink[:, None] + _dot(raised.astype(tokens.dtype), tokens)
        return new, total * shrink + jnp.sum(raised, axis=1), outputs

    start = (jnp.full((rows,), 2 * _HIDDEN), jnp.zeros((rows,)), jnp.zeros((rows, dim)))
    top, total, outputs = _blocks(tokens_refs, length, masked, body, start)
    outputs_ref[...] = (outputs / total[:, None]).astype(outputs_ref.dtype)
    sums_ref[...] = top + jnp.log(total)


def _weights_and_scores_gradient(rows: Any, tokens: Any, counts: Any) -> tuple[Any, Any]:
    queries, gradient, sums, through = rows
    scores = _dot(queries, tokens.T)
    weights = jnp.where(counts[None], jnp.exp(scores - sums[:, None]), 0.0)
    return weights, weights * (_dot(gradient, tokens.T) - through[:, None])


def _gradient_of_queries(*refs: Any, length: int, masked: bool) -> None:
    *row_refs, out_ref = refs
    rows = tuple(ref[...] for ref in row_refs[:4])

    def body(found: Any, tokens: Any, counts: Any, _: Any) -> Any:
        _weights, of_scores = _weights_and_scores_gradient(rows, tokens, counts)
        return found + _dot(of_scores.astype(tokens.dtype), tokens)

    start = jnp.zeros(out_ref.shape, jnp.float32)
    found = _blocks(row_refs[4:], length, masked, body, start)
    out_ref[...] = found.astype(out_ref.dtype)


def _gradient_of_tokens(*refs: Any, length: int, masked: bool) -> None:
    *row_refs, out_ref = refs
    rows = tuple(ref[...] for ref in row_refs[:4])
    queries, gradient = rows[:2]

    def body(carry: Any, tokens: Any, counts: Any, where: Any) -> Any:
        weights, of_scores = _weights_and_scores_gradient(rows, tokens, counts)
        found = _dot(of_scores.astype(tokens.dtype).T, queries)
        found += _dot(weights.astype(tokens.dtype).T, gradient)
        here, inside = where
        triton.store(out_ref.at[here, :], found.astype(out_ref.dtype), mask=inside[:, None])
        return carry

    _blocks(row_refs[4:], length, masked, body, jnp.int32(0))
