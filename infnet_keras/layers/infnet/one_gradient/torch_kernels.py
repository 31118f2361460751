"""Kernels for a GPU that read the tokens once and write no scores, on torch; see `jax_kernels`.

To be imported where there is a GPU, or Triton's interpreter: Triton comes with torch for GPUs.
"""

import functools
from typing import Any

import torch
import triton
import triton.language as tl

# Rows that the matrix units take at the least, tokens of one block, threads that share it by 32.
_ROWS, _BLOCK, _WARPS = 16, 64, 4
# In float32, three products of tf32 give float32's digits several times faster than its own.
_EXACT = "tf32x3"


def usable(tokens: Any, rows: list[int]) -> bool:
    """Whether the kernels take tokens like these and attentions of so many queries."""
    dim = tokens.shape[-1]
    fits = max(rows) <= _most_rows(tokens) and dim >= 16 and dim & (dim - 1) == 0
    return fits and tokens.dtype != torch.float64


def attend(queries: Any, tokens: Any, visible: Any) -> tuple[Any, Any]:
    """softmax(queries tokens^T) tokens [batch, n, dim], logarithmic sums float32 [batch, n]."""
    count = queries.shape[1]
    queries = _padded(queries)
    outputs = torch.empty_like(queries)
    sums = queries.new_empty(queries.shape[:2], dtype=torch.float32)
    _run(_attend, [queries], tokens, visible, [outputs, sums])
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
    rows = [_padded(each) for each in (queries, gradient, sums, through)]
    found = torch.empty_like(rows[0])
    _run(_gradient_of_queries, rows, tokens, visible, [found])
    return found[:, : queries.shape[1]]


def gradient_of_tokens(
    tokens: Any, visible: Any, queries: Any, gradient: Any, sums: Any, through: Any
) -> Any:
    """The gradient of the tokens by all attentions, their rows side by side; see above."""
    parts = []
    most = _most_rows(tokens)
    for first in range(0, queries.shape[1], most):
        found = torch.empty_like(tokens, memory_format=torch.contiguous_format)
        some = slice(first, first + most)
        rows = [_padded(each[:, some]) for each in (queries, gradient, sums, through)]
        _run(_gradient_of_tokens, rows, tokens, visible, [found])
        parts.append(found)
    return functools.reduce(torch.Tensor.add_, parts)


def _most_rows(tokens: Any) -> int:
    """Rows that shared memory holds beside a block of tokens."""
    return 32 if tokens.dtype == torch.float32 else 64


def _padded(rows: Any) -> Any:
    """Rows up to a power of two that the matrix units take; those added add nothing."""
    count = rows.shape[1]
    wanted = max(_ROWS, 1 << (count - 1).bit_length())
    widths = [0, 0] * (rows.ndim - 2) + [0, wanted - count]
    return torch.nn.functional.pad(rows, widths).contiguous()


def _run(kernel: Any, rows: list[Any], tokens: Any, visible: Any, out: list[Any]) -> None:
    """Run a kernel for each example: on its rows, its tokens and which of them are visible."""
    batch, length, dim = tokens.shape
    tokens = tokens.contiguous()
    mask = tokens if visible is None else visible.to(torch.int8).contiguous()
    exact = tokens.dtype == torch.float32
    kernel[(batch,)](
        *rows,
        tokens,
        mask,
        *out,
        LENGTH=length,
        MASKED=visible is not None,
        ROWS=rows[0].shape[1],
        DIM=dim,
        BLOCK=_BLOCK,
        PRECISION=_EXACT if exact else "tf32",
        num_warps=_WARPS,
        num_stages=2 if exact else 3,  # blocks on their way at once
    )


@triton.jit
def _block(
    tokens,
    mask,
    start,
    LENGTH: tl.constexpr,
    MASKED: tl.constexpr,
    DIM: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """The tokens of a block, which of them count, where they stand, which are inside."""
    example = tl.program_id(0).to(tl.int64)
    at = start + tl.arange(0, BLOCK)
    inside = at < LENGTH
    where = (example * LENGTH + at)[:, None] * DIM + tl.arange(0, DIM)[None, :]
    found = tl.load(tokens + where, mask=inside[:, None], other=0.0)
    counts = inside
    if MASKED:
        counts = tl.load(mask + example * LENGTH + at, mask=inside, other=0) != 0
    return found, counts, where, inside


@triton.jit
def _rows(rows, ROWS: tl.constexpr, DIM: tl.constexpr):
    example = tl.program_id(0).to(tl.int64)
    at = tl.arange(0, ROWS)[:, None] * DIM + tl.arange(0, DIM)[None, :]
    return tl.load(rows + example * ROWS * DIM + at)


@triton.jit
def _attend(
    queries,
    tokens,
    mask,
    outputs,
    sums,
    LENGTH: tl.constexpr,
    MASKED: tl.constexpr,
    ROWS: tl.constexpr,
    DIM: tl.constexpr,
    BLOCK: tl.constexpr,
    PRECISION: tl.constexpr,
):
    example = tl.program_id(0).to(tl.int64)
    rows = _rows(queries, ROWS, DIM)
    top = tl.full([ROWS], -2e9, tl.float32)
    total = tl.zeros([ROWS], tl.float32)
    found = tl.zeros([ROWS, DIM], tl.float32)
    for start in range(0, LENGTH, BLOCK):
        block, counts, _, _ = _block(tokens, mask, start, LENGTH, MASKED, DIM, BLOCK)
        scores = tl.dot(rows, tl.trans(block), input_precision=PRECISION)
        scores = tl.where(counts[None, :], scores, -1e9)
        new = tl.maximum(top, tl.max(scores, 1))
        raised = tl.exp(scores - new[:, None])
        shrink = tl.exp(top - new)
        total = total * shrink + tl.sum(raised, 1)
        part = tl.dot(raised.to(block.dtype), block, input_precision=PRECISION)
        found = found * shrink[:, None] + part
        top = new
    at = tl.arange(0, ROWS)
    where = at[:, None] * DIM + tl.arange(0, DIM)[None, :]
    done = (found / total[:, None]).to(outputs.dtype.element_ty)
    tl.store(outputs + example * ROWS * DIM + where, done)
    tl.store(sums + example * ROWS + at, top + tl.log(total))


@triton.jit
def _weights(
    rows, gradients, sums, through, block, counts, ROWS: tl.constexpr, PRECISION: tl.constexpr
):
    """The weights of a block and the gradient of its scores, float32 [rows, block]."""
    at = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    scores = tl.dot(rows, tl.trans(block), input_precision=PRECISION)
    raised = tl.exp(scores - tl.load(sums + at)[:, None])
    weights = tl.where(counts[None, :], raised, 0.0)
    of_weights = tl.dot(gradients, tl.trans(block), input_precision=PRECISION)
    return weights, weights * (of_weights - tl.load(through + at)[:, None])


@triton.jit
def _gradient_of_queries(
    queries,
    gradient,
    sums,
    through,
    tokens,
    mask,
    out,
    LENGTH: tl.constexpr,
    MASKED: tl.constexpr,
    ROWS: tl.constexpr,
    DIM: tl.constexpr,
    BLOCK: tl.constexpr,
    PRECISION: tl.constexpr,
):
    example = tl.program_id(0).to(tl.int64)
    rows = _rows(queries, ROWS, DIM)
    gradients = _rows(gradient, ROWS, DIM)
    found = tl.zeros([ROWS, DIM], tl.float32)
    for start in range(0, LENGTH, BLOCK):
        block, counts, _, _ = _block(tokens, mask, start, LENGTH, MASKED, DIM, BLOCK)
        _, of_scores = _weights(rows, gradients, sums, through, block, counts, ROWS, PRECISION)
        found += tl.dot(of_scores.to(block.dtype), block, input_precision=PRECISION)
    where = tl.arange(0, ROWS)[:, None] * DIM + tl.arange(0, DIM)[None, :]
    tl.store(out + example * ROWS * DIM + where, found.to(out.dtype.element_ty))


@triton.jit
def _gradient_of_tokens(
    queries,
    gradient,
    sums,
    through,
    tokens,
    mask,
    out,
    LENGTH: tl.constexpr,
    MASKED: tl.constexpr,
    ROWS: tl.constexpr,
    DIM: tl.constexpr,
    BLOCK: tl.constexpr,
    PRECISION: tl.constexpr,
):
    rows = _rows(queries, ROWS, DIM)
    gradients = _rows(gradient, ROWS, DIM)
    for start in range(0, LENGTH, BLOCK):
        block, counts, where, inside = _block(tokens, mask, start, LENGTH, MASKED, DIM, BLOCK)
        weights, of_scores = _weights(
            rows, gradients, sums, through, block, counts, ROWS, PRECISION
        )
        found = tl.dot(tl.trans(of_scores.to(block.dtype)), rows, input_precision=PRECISION)
        found += tl.dot(tl.trans(weights.to(block.dtype)), gradients, input_precision=PRECISION)
        tl.store(out + where, found.to(out.dtype.element_ty), mask=inside[:, None])
