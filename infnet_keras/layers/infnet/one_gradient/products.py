"""The products of an attention and of its gradient, for compilers.

Scores stand as [batch, tokens, queries]: XLA on CPU multiplies them into and out of the tokens
several times faster than [batch, queries, tokens].
"""

from typing import Any

from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32


def forward(queries: Any, tokens: Any, visible: Any) -> tuple[Any, Any]:
    """Outputs [batch, n, dim] and weights, float32 at least, [batch, L, n]."""
    scores = at_least_float32(ops.matmul(tokens, ops.transpose(queries, (0, 2, 1))))
    if visible is not None:
        scores = ops.where(ops.transpose(visible, (0, 2, 1)), scores, -1e9)
    raised = ops.exp(scores - ops.max(scores, axis=1, keepdims=True))
    weights = raised / ops.sum(raised, axis=1, keepdims=True)
    return _over_tokens(weights, tokens), weights


def backward(queries: Any, tokens: Any, weights: Any, gradient: Any) -> tuple[Any, tuple[Any, Any]]:
    """The gradient of the queries, and the two factors of that of the tokens.

    Args:
        queries, tokens, weights: of `forward`.
        gradient: of its outputs.

    Returns:
        [batch, n, dim], then [batch, L, 2 n] and [batch, 2 n, dim].
    """
    through = at_least_float32(ops.matmul(tokens, ops.transpose(gradient, (0, 2, 1))))
    mean = ops.sum(through * weights, axis=1, keepdims=True)
    of_scores = weights * (through - mean)
    of_queries = _over_tokens(of_scores, tokens)
    left = ops.cast(ops.concatenate([of_scores, weights], axis=2), tokens.dtype)
    right = ops.concatenate([queries, gradient], axis=1)
    return of_queries, (left, right)


def of_tokens(lefts: list[Any], rights: list[Any]) -> Any:
    """The gradient of the tokens, from the factors of all attentions: [batch, L, dim]."""
    return ops.matmul(ops.concatenate(lefts, axis=2), ops.concatenate(rights, axis=1))


def _over_tokens(weights: Any, tokens: Any) -> Any:
    return ops.einsum("bln,bld->bnd", ops.cast(weights, tokens.dtype), tokens)
