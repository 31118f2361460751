"""The operations of the plain formulas, in torch."""

from typing import Any

import torch
from torch.nn import functional

where, reshape, sigmoid, relu = torch.where, torch.reshape, torch.sigmoid, torch.relu
log, log1p, clip = torch.log, torch.log1p, torch.clamp
concatenate, stack, einsum = torch.cat, torch.stack, torch.einsum
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def take(table: Any, ids: Any) -> Any:
    """The rows of a table."""
    return functional.embedding(ids, table)


def softmax(scores: Any) -> Any:
    """Over the last axis."""
    return torch.softmax(scores, -1)


def transpose(values: Any) -> Any:
    """The last two axes change places."""
    return values.transpose(-1, -2)


def total(values: Any, axis: int, keepdims: bool = False) -> Any:
    """The sum over one axis."""
    return values.sum(axis, keepdim=keepdims)


def average(values: Any) -> Any:
    """The mean over the first axis."""
    return values.mean(0)


def some(mask: Any) -> Any:
    """Whether any is true on the last axis, which stays with length 1."""
    return mask.any(-1, keepdim=True)


def layer_norm(values: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    """Over the last axis."""
    return functional.layer_norm(values, (values.shape[-1],), gamma, beta, epsilon)


def repeat_rows(rows: Any, batch: int) -> Any:
    """[n, dim] -> [batch, n, dim]."""
    return rows.expand(batch, -1, -1)


def cast(values: Any, dtype: str) -> Any:
    """To float32 or bfloat16."""
    return values.to(_DTYPES[dtype])
