"""Few queries against many tokens: the one place where attention is computed."""

from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.infnet.one_gradient import attend_into_slot
from infnet_keras.layers.infnet.visible_tokens import visible_tokens
from infnet_keras.layers.softmax import softmax

# Queries of one part: their scores of a few thousand tokens stay in a processor's cache.
_PART = 256


def attend(
    queries: Any,
    tokens: Any,
    mask: Any = None,
    return_weights: bool = False,
    many_queries: bool = False,
    activation: str = "softmax",
    slot: Any = None,
) -> tuple[Any, Any]:
    """softmax(queries tokens^T) tokens; the tokens are keys and values at once.

    Nothing is scaled. Where a row of the mask is all False, outputs and weights are 0, with
    finite gradients. The weights are computed in float32 at least.

    Args:
        queries: float [batch, n, dim].
        tokens: float [batch, L, dim], of the same dtype.
        mask: bool [batch, L], True at the tokens that count; None counts all.
        return_weights: whether the weights are wanted too.
        many_queries: says that n may be thousands, and that no gradient is wanted.
        activation: "softmax", or "silu": each score's SiLU, which is not normalised.
        slot: where the gradient of the tokens goes, one of `gradient_slots`; None differentiates
            as usual. It takes softmax alone, without weights.

    Returns:
        Outputs float [batch, n, dim], and weights float32 (or float64) [batch, n, L], or None.
    """
    some = visible = None
    if mask is not None:
        visible, some = visible_tokens(mask)
    plain = return_weights or activation != "softmax"
    if slot is not None and not plain:
        outputs, weights = attend_into_slot(queries, tokens, visible, slot), None
    elif keras.backend.backend() == "torch" and not plain:
        outputs, weights = _fused_attention(queries, tokens, visible), None
    elif keras.backend.backend() == "tensorflow" and many_queries and not plain:
        outputs, weights = _attention_in_parts(queries, tokens, visible), None
    else:
        weights = attention_weights(queries, tokens, visible, activation)
        outputs = ops.matmul(ops.cast(weights, tokens.dtype), tokens)
    if some is not None:
        outputs = outputs * ops.cast(some, outputs.dtype)
        if weights is not None:
            weights = weights * ops.cast(some, weights.dtype)
    return outputs, weights


def attention_weights(
    queries: Any, tokens: Any, visible: Any = None, activation: str = "softmax"
) -> Any:
    """softmax(queries tokens^T), or its SiLU, over the tokens where `visible` [batch, 1, L]."""
    # tokens x queries, then a transpose of the small result: XLA on CPU does this 2-4 times faster
    # than queries x tokens; elsewhere it makes no difference.
    scores = ops.matmul(tokens, ops.transpose(queries, (0, 2, 1)))
    scores = at_least_float32(ops.transpose(scores, (0, 2, 1)))
    if activation == "silu":
        weights = ops.silu(scores)
        return weights if visible is None else ops.where(visible, weights, 0.0)
    if visible is not None:
        scores = ops.where(visible, scores, -1e9)
    return softmax(scores)


def _attention_in_parts(queries: Any, tokens: Any, visible: Any) -> Any:
    """The same product by TensorFlow, part by part of the queries.

    TensorFlow walks all scores once for each operation: where they do not fit into the cache that
    takes several times as long as the products themselves (7 times, 5,000 queries of 2,800 tokens).
    """
    import tensorflow as tf

    queries = tf.cast(queries, tokens.dtype)
    batch, count = tf.shape(queries)[0], tf.shape(queries)[1]
    size = tf.maximum(_PART // tf.maximum(batch, 1), 1)
    parts = tf.maximum((count + size - 1) // size, 1)
    size = (count + parts - 1) // parts
    padded = tf.pad(queries, [[0, 0], [0, parts * size - count], [0, 0]])
    shape = [batch, parts, size, queries.shape[-1]]
    padded = tf.transpose(tf.reshape(padded, shape), (1, 0, 2, 3))

    def attend_part(part: Any) -> Any:
        scores = at_least_float32(tf.matmul(part, tokens, transpose_b=True))
        if visible is not None:
            scores = tf.where(visible, scores, -1e9)
        return tf.matmul(tf.cast(tf.nn.softmax(scores), tokens.dtype), tokens)

    outputs = tf.map_fn(
        attend_part,
        padded,
        parallel_iterations=4,
        fn_output_signature=tf.TensorSpec([None, None, queries.shape[-1]], tokens.dtype),
    )
    outputs = tf.transpose(outputs, (1, 0, 2, 3))
    return tf.reshape(outputs, [batch, parts * size, queries.shape[-1]])[:, :count]


def _fused_attention(queries: Any, tokens: Any, visible: Any) -> Any:
    """The same product by a fused kernel, which stores no weights: ours, or torch's."""
    from torch.nn.functional import scaled_dot_product_attention

    from infnet_keras.layers.infnet.one_gradient.torch_reads import attend_by_kernel

    found = attend_by_kernel(queries, tokens, visible)
    if found is not None:
        return found
    one_head = ops.expand_dims(tokens, 1)
    bias = None if visible is None else ops.expand_dims(visible, 1)
    outputs = scaled_dot_product_attention(
        ops.cast(ops.expand_dims(queries, 1), tokens.dtype),
        one_head,
        one_head,
        attn_mask=bias,
        scale=1.0,
    )
    return ops.squeeze(outputs, 1)
