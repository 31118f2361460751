"""The operations of the plain formulas, in jax.numpy."""

from typing import Any

import jax
from jax import numpy as jnp

where, reshape, sigmoid, relu = jnp.where, jnp.reshape, jax.nn.sigmoid, jax.nn.relu
log, log1p, clip = jnp.log, jnp.log1p, jnp.clip
concatenate, stack, einsum = jnp.concatenate, jnp.stack, jnp.einsum


def take(table: Any, ids: Any) -> Any:
    """The rows of a table."""
    return jnp.take(table, ids, axis=0)


def softmax(scores: Any) -> Any:
    """Over the last axis."""
    return jax.nn.softmax(scores, axis=-1)


def transpose(values: Any) -> Any:
    """The last two axes change places."""
    return jnp.swapaxes(values, -1, -2)


def total(values: Any, axis: int, keepdims: bool = False) -> Any:
    """The sum over one axis."""
    return jnp.sum(values, axis=axis, keepdims=keepdims)


def average(values: Any) -> Any:
    """The mean over the first axis."""
    return jnp.mean(values, axis=0)


def some(mask: Any) -> Any:
    """Whether any is true on the last axis, which stays with length 1."""
    return jnp.any(mask, axis=-1, keepdims=True)


def layer_norm(values: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    """Over the last axis."""
    centred = values - jnp.mean(values, axis=-1, keepdims=True)
    variance = jnp.mean(centred * centred, axis=-1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + epsilon) * gamma + beta


def repeat_rows(rows: Any, batch: int) -> Any:
    """[n, dim] -> [batch, n, dim]."""
    return jnp.broadcast_to(rows, (batch, *rows.shape))


def cast(values: Any, dtype: str) -> Any:
    """To float32 or bfloat16."""
    return values.astype(dtype)
