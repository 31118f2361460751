"""Attention weights by token, steps aligned at the latest event."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras import ops

from infnet_keras.spec.token_positions import TokenSequence

QUERY_SETS = ("tasks", "shared_tasks")


def aligned_weights(
    attention: Mapping[str, Mapping[str, Any]],
    inputs: Mapping[str, Any],
    sequences: Sequence[TokenSequence],
) -> Any:
    """The attention of one block's task and shared task queries, over all tokens.

    A query's weights over the fields sum to 1, and so do those over the steps of all sequences, as
    the two are attentions of their own. Steps are aligned at the latest event; a step that an
    impression does not have weighs 0. Heads are averaged.

    Args:
        attention: "categorical" | "sequence" -> query set -> weights float32 [batch, heads,
            queries, tokens], as a block of INFNet gives them.
        inputs: of the model, ids on its backend.
        sequences: the sequences of the model's tokens.

    Returns:
        float32 [batch, queries, tokens]: queries of the tasks and then shared ones, if the block
        has them; the fields' tokens, then the sequences'.

    Reference:
        arXiv 2508.11565, figure 5.
    """
    parts = [_joined(attention["categorical"])]
    if "sequence" in attention:
        steps = _joined(attention["sequence"])
        start = 0
        for _, names, length in sequences:
            part = steps[:, :, start : start + length]
            parts.append(_from_the_latest(part, inputs[names[0]]))
            start += length
    return ops.concatenate(parts, axis=-1)


def _joined(weights: Mapping[str, Any]) -> Any:
    """[batch, queries, tokens]: query sets one after the other, heads averaged."""
    parts = [ops.mean(weights[name], axis=1) for name in QUERY_SETS if name in weights]
    return ops.concatenate(parts, axis=1)


def _from_the_latest(weights: Any, ids: Any) -> Any:
    """Move the valid steps from the start of [batch, queries, length] to its end."""
    ids = ops.convert_to_tensor(ids)
    valid = ops.not_equal(ids if len(ids.shape) == 2 else ids[..., 0], 0)
    length = weights.shape[-1]
    padding = length - ops.sum(ops.cast(valid, "int32"), axis=1, keepdims=True)
    old = ops.expand_dims(ops.arange(length, dtype="int32") - padding, 1)
    old = ops.broadcast_to(old, ops.shape(weights))  # where each column's weight stands now
    moved = ops.take_along_axis(weights, ops.maximum(old, 0), axis=2)
    return ops.where(old >= 0, moved, ops.zeros_like(moved))
