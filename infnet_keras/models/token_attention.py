"""What the task queries of an INFNet look at, token by token."""

from collections.abc import Mapping
from typing import Any

from keras import ops

from infnet_keras.models.infnet import INFNet
from infnet_keras.spec.token_positions import token_sequences

QUERY_SETS = ("tasks", "shared_tasks")


def has_attention(model: Any) -> bool:
    """Whether a model's tasks attend to tokens, as those of an INFNet do."""
    return isinstance(model, INFNet)


def token_attention(
    model: Any, inputs: Mapping[str, Any], block: int = -1
) -> tuple[dict[str, Any], Any]:
    """A model's outputs, and the attention of one block's task and shared task queries.

    A query's weights over the fields sum to 1, and so do those over the steps of all sequences, as
    the two are attentions of their own. Steps are aligned at the latest event; a step that an
    impression does not have weighs 0. Heads are averaged.

    Args:
        model: an INFNet.
        inputs: of the model, ids on its backend.
        block: index of the block, the last one by default.

    Returns:
        Dict task -> probability [batch], and weights float32 [batch, queries, tokens]: queries of
        the tasks and then shared ones, if the block has them; tokens as `token_positions` names
        them.

    Example:
        >>> outputs, weights = token_attention(model, batch.inputs)
        >>> token_positions(model.spec)[int(weights[0, 0].argmax())]
        Position(source='long_view.video_id', step=-1)

    Reference:
        arXiv 2508.11565, figure 5.
    """
    outputs, attention = model(inputs, training=False, return_attention=True)
    weights = attention[model.blocks[block].name]
    parts = [_joined(weights["categorical"])]
    if "sequence" in weights:
        steps = _joined(weights["sequence"])
        start = 0
        for _, name, length in token_sequences(model.spec):
            part = steps[:, :, start : start + length]
            parts.append(_from_the_latest(part, inputs[name]))
            start += length
    return outputs, ops.concatenate(parts, axis=-1)


def task_attention(model: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The last block's attention by task: dict task -> float32 [batch, tokens]."""
    _, weights = token_attention(model, inputs)
    return {task: weights[:, index] for index, task in enumerate(model.tasks)}


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
