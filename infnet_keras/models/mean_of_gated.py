"""What the towers of INFNet's ablation w/o3 read besides their task token."""

from collections.abc import Mapping
from typing import Any

from keras import ops

from infnet_keras.layers.embeddings.buckets import by_bucket, is_bucketed
from infnet_keras.models.spec_model import repeat


def mean_of_gated(state: Mapping[str, Any], candidates: tuple[Any, Any] | None = None) -> Any:
    """The mean of the gated categorical tokens plus that of the gated, valid sequence tokens.

    Args:
        state: as `INFNetBlock` leaves it.
        candidates: (R, K) where the sequence tokens are of R requests and all else of the K
            candidates of each.

    Returns:
        float32 (or float64) [batch, 1, dim]; without any valid step the second mean is 0.
    """
    fields = state["categorical"]  # a sum, as `ops.mean` falls to float32 on JAX
    total = ops.multiply(ops.sum(fields, axis=1) / fields.shape[1], state["categorical_gate"])
    if "sequence" in state:
        tokens, masks = state["sequence"], state["sequence_mask"]
        buckets = (tokens, masks) if is_bucketed(tokens) else ([tokens], [masks])
        mean = by_bucket(_mean_of_valid, *buckets)
        mean = mean if candidates is None else repeat(mean, *candidates)
        total = total + ops.multiply(mean, state["sequence_gate"])
    return ops.expand_dims(total, 1)


def _mean_of_valid(tokens: Any, mask: Any) -> Any:
    valid = ops.cast(mask, tokens.dtype)
    count = ops.maximum(ops.sum(valid, axis=1, keepdims=True), 1.0)
    return ops.einsum("bl,bld->bd", valid, tokens) / count
