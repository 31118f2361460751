"""Layer normalisation on torch that reads and writes each token once, in its own precision.

torch's own is slow for rows as short as tokens, and half precision would be raised to float32
before it and lowered after it: each a pass over all tokens. To be imported where there is a GPU,
or Triton's interpreter: Triton comes with torch for GPUs.
"""

from typing import Any

import torch
import triton
import triton.language as tl

# Tokens that a program takes at once, and programs that share the backward pass.
_BLOCK, _PROGRAMS = 32, 2048


def usable(inputs: Any) -> bool:
    """Whether the kernels take tokens like these."""
    dim: int = inputs.shape[-1]
    fits = 16 <= dim <= 512 and dim & (dim - 1) == 0
    return fits and inputs.dtype in (torch.float32, torch.bfloat16, torch.float16)


def normalized(inputs: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta over the channels, computed in float32.

    Args:
        inputs: float [..., dim].
        gamma, beta: float32 [dim].
        epsilon: added to the variance.

    Returns:
        [..., dim], of the inputs' dtype.
    """
    return _Normalized.apply(inputs, gamma, beta, epsilon)


class _Normalized(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
        inputs = inputs.contiguous()
        ctx.save_for_backward(inputs, gamma)
        ctx.epsilon = epsilon
        outputs = torch.empty_like(inputs)
        count, dim = inputs.numel() // inputs.shape[-1], inputs.shape[-1]
        programs = (triton.cdiv(count, _BLOCK),)
        _forward[programs](inputs, gamma, beta, outputs, count, epsilon, DIM=dim, BLOCK=_BLOCK)
        return outputs

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        inputs, gamma = ctx.saved_tensors
        count, dim = inputs.numel() // inputs.shape[-1], inputs.shape[-1]
        programs = min(triton.cdiv(count, _BLOCK), _PROGRAMS)
        found = torch.empty_like(inputs)
        of_weights = gamma.new_empty((2, programs, dim), dtype=torch.float32)
        _backward[(programs,)](
            inputs,
            gamma,
            gradient.contiguous(),
            found,
            of_weights[0],
            of_weights[1],
            count,
            ctx.epsilon,
            STEPS=triton.cdiv(count, _BLOCK * programs),
            DIM=dim,
            BLOCK=_BLOCK,
        )
        of_gamma, of_beta = of_weights.sum(1).to(gamma.dtype)
        return found, of_gamma, of_beta, None


@triton.jit
def _standardized(inputs, block, count, epsilon, DIM: tl.constexpr, BLOCK: tl.constexpr):
    """The tokens of a block at mean 0 and variance 1, the factor to it, where they stand."""
    token = block.to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    where = token[:, None] * DIM + tl.arange(0, DIM)[None, :]
    inside = (token < count)[:, None]
    values = tl.load(inputs + where, mask=inside, other=0.0).to(tl.float32)
    centred = values - tl.sum(values, 1)[:, None] / DIM
    factor = 1.0 / tl.sqrt(tl.sum(centred * centred, 1)[:, None] / DIM + epsilon)
    return centred * factor, factor, where, inside


@triton.jit
def _forward(inputs, gamma, beta, outputs, count, epsilon, DIM: tl.constexpr, BLOCK: tl.constexpr):
    values, _, where, inside = _standardized(inputs, tl.program_id(0), count, epsilon, DIM, BLOCK)
    channel = tl.arange(0, DIM)
    scale, shift = tl.load(gamma + channel), tl.load(beta + channel)
    found = values * scale[None, :] + shift[None, :]
    tl.store(outputs + where, found.to(outputs.dtype.element_ty), mask=inside)


@triton.jit
def _backward(
    inputs,
    gamma,
    gradient,
    found,
    of_gamma,
    of_beta,
    count,
    epsilon,
    STEPS: tl.constexpr,
    DIM: tl.constexpr,
    BLOCK: tl.constexpr,
):
    channel = tl.arange(0, DIM)
    scale = tl.load(gamma + channel).to(tl.float32)
    by_gamma = tl.zeros([DIM], tl.float32)
    by_beta = tl.zeros([DIM], tl.float32)
    for step in range(STEPS):
        block = step * tl.num_programs(0) + tl.program_id(0)
        values, factor, where, inside = _standardized(inputs, block, count, epsilon, DIM, BLOCK)
        given = tl.load(gradient + where, mask=inside, other=0.0).to(tl.float32)
        by_gamma += tl.sum(given * values, 0)
        by_beta += tl.sum(given, 0)
        scaled = given * scale[None, :]
        mean = tl.sum(scaled, 1)[:, None] / DIM
        along = tl.sum(scaled * values, 1)[:, None] / DIM
        moved = factor * (scaled - mean - values * along)
        tl.store(found + where, moved.to(found.dtype.element_ty), mask=inside)
    tl.store(of_gamma + tl.program_id(0) * DIM + channel, by_gamma)
    tl.store(of_beta + tl.program_id(0) * DIM + channel, by_beta)
