"""One gradient for tokens that several attentions read, on torch; see `reads`."""

import importlib
from typing import Any

import torch

from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.runs_triton import runs_triton


def gradient_slots(tokens: Any, visible: Any, rows: list[int]) -> list[Any]:
    """See `reads.gradient_slots`."""
    fused = _kernels_take(tokens, rows)
    made = (_FusedSlots if fused else _Slots).apply(tokens, visible, rows)
    size = 4 if fused else 2
    return [made[start : start + size] for start in range(0, len(made), size)]


def attend_into_slot(queries: Any, tokens: Any, visible: Any, slot: Any) -> Any:
    """See `reads.attend_into_slot`."""
    attend = _Attend if len(slot) == 2 else _FusedAttend
    return attend.apply(queries, tokens, visible, *slot)


def attend_by_kernel(queries: Any, tokens: Any, visible: Any) -> Any:
    """softmax(queries tokens^T) tokens without a gradient; None where no kernel takes it.

    Args:
        queries, tokens, visible: as `reads.attend_into_slot` takes them.
    """
    if torch.is_grad_enabled() or not _kernels_take(tokens, [queries.shape[1]]):
        return None
    return _kernels().attend(queries.to(tokens.dtype), tokens, visible)[0]


def _kernels_take(tokens: Any, rows: list[int]) -> bool:
    return runs_triton(tokens) and bool(_kernels().usable(tokens, rows))


def _kernels() -> Any:
    return importlib.import_module("infnet_keras.layers.infnet.one_gradient.torch_kernels")


def _empty(tokens: Any, *shape: int, dtype: Any = None) -> Any:
    """A slot's part: it takes no memory, as nothing reads it."""
    return tokens.new_zeros(1, dtype=dtype).expand(shape)


class _Slots(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tokens: Any, visible: Any, rows: list[int]) -> Any:
        batch, length, dim = tokens.shape
        made = []
        for count in rows:
            made.append(_empty(tokens, batch, 2 * count, length))
            made.append(_empty(tokens, batch, 2 * count, dim))
        return tuple(made)

    @staticmethod
    def backward(ctx: Any, *factors: Any) -> Any:
        left = torch.cat(factors[0::2], 1)
        return torch.bmm(left.transpose(1, 2), torch.cat(factors[1::2], 1)), None, None


class _Attend(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, queries: Any, tokens: Any, visible: Any, left: Any, right: Any) -> Any:
        scores = at_least_float32(torch.bmm(queries, tokens.transpose(1, 2)))
        if visible is not None:
            scores.masked_fill_(visible.logical_not(), -1e9)
        weights = torch.softmax(scores, -1)
        ctx.save_for_backward(queries, tokens, weights)
        return torch.bmm(weights.to(tokens.dtype), tokens)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        queries, tokens, weights = ctx.saved_tensors
        through = at_least_float32(torch.bmm(gradient, tokens.transpose(1, 2)))
        mean = torch.einsum("bnl,bnl->bn", through, weights).unsqueeze(-1)
        of_scores = through.sub_(mean).mul_(weights).to(tokens.dtype)
        left = torch.cat([of_scores, weights.to(tokens.dtype)], 1)
        right = torch.cat([queries, gradient], 1)
        return torch.bmm(of_scores, tokens), None, None, left, right


class _FusedSlots(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tokens: Any, visible: Any, rows: list[int]) -> Any:
        ctx.save_for_backward(tokens, visible)
        batch, _, dim = tokens.shape
        made = []
        for count in rows:
            made += [_empty(tokens, batch, count, dim) for _ in range(2)]
            made += [_empty(tokens, batch, count, dtype=torch.float32) for _ in range(2)]
        return tuple(made)

    @staticmethod
    def backward(ctx: Any, *factors: Any) -> Any:
        joined = [torch.cat(factors[part::4], 1) for part in range(4)]
        return _kernels().gradient_of_tokens(*ctx.saved_tensors, *joined), None, None


class _FusedAttend(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, queries: Any, tokens: Any, visible: Any, *slot: Any) -> Any:
        outputs, sums = _kernels().attend(queries, tokens, visible)
        ctx.save_for_backward(queries, tokens, visible, outputs, sums)
        return outputs

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        queries, tokens, visible, outputs, sums = ctx.saved_tensors
        through = (outputs.float() * gradient.float()).sum(-1)
        factors = (queries, gradient, sums, through)
        of_queries = _kernels().gradient_of_queries(tokens, visible, *factors)
        return of_queries, None, None, *factors
