"""One gradient for tokens that several attentions read, on JAX; see `reads`."""

from typing import Any

import jax
import jax.numpy as jnp

from infnet_keras.layers.infnet.one_gradient import jax_kernels, products


def gradient_slots(tokens: Any, visible: Any, rows: list[int]) -> list[Any]:
    """See `reads.gradient_slots`."""
    batch, length, dim = tokens.shape
    fused = jax_kernels.usable(tokens, rows)

    @jax.custom_vjp
    def slots(tokens: Any, visible: Any) -> list[Any]:
        if fused:
            return [_fused_slot(batch, count, dim, tokens.dtype) for count in rows]
        return [
            (
                jnp.zeros((batch, length, 2 * count), tokens.dtype),
                jnp.zeros((batch, 2 * count, dim), tokens.dtype),
            )
            for count in rows
        ]

    def forward(tokens: Any, visible: Any) -> tuple[list[Any], Any]:
        return slots(tokens, visible), (tokens, visible) if fused else None

    def backward(kept: Any, factors: list[Any]) -> tuple[Any, None]:
        columns = [list(column) for column in zip(*factors, strict=True)]
        if not fused:
            return products.of_tokens(*columns), None
        joined = [jnp.concatenate(column, axis=1) for column in columns]
        return jax_kernels.gradient_of_tokens(*kept, *joined), None

    slots.defvjp(forward, backward)
    made: list[Any] = slots(tokens, visible)
    return made


def _fused_slot(batch: int, rows: int, dim: int, dtype: Any) -> tuple[Any, ...]:
    """For queries, the outputs' gradient, the scores' logarithmic sum and its gradient."""
    row, number = (batch, rows, dim), (batch, rows)
    return (*(jnp.zeros(row, dtype),) * 2, *(jnp.zeros(number, "float32"),) * 2)


@jax.custom_vjp
def attend_into_slot(queries: Any, tokens: Any, visible: Any, slot: Any) -> Any:
    """See `reads.attend_into_slot`."""
    return _forward(queries, tokens, visible, slot)[0]


def _forward(queries: Any, tokens: Any, visible: Any, slot: Any) -> tuple[Any, Any]:
    if len(slot) == 4:  # of `_fused_slot`
        outputs, sums = jax_kernels.attend(queries, tokens, visible)
        return outputs, (queries, tokens, visible, outputs, sums)
    outputs, weights = products.forward(queries, tokens, visible)
    return outputs, (queries, tokens, weights)


def _backward(kept: Any, gradient: Any) -> tuple[Any, None, None, Any]:
    factors: tuple[Any, ...]
    if len(kept) == 3:
        queries, tokens, weights = kept
        of_queries, factors = products.backward(queries, tokens, weights, gradient)
        return of_queries, None, None, factors
    queries, tokens, visible, outputs, sums = kept
    through = jnp.sum(outputs.astype("float32") * gradient.astype("float32"), axis=-1)
    factors = (queries, gradient, sums, through)
    of_queries = jax_kernels.gradient_of_queries(tokens, visible, queries, gradient, sums, through)
    return of_queries, None, None, factors


attend_into_slot.defvjp(_forward, _backward)
