"""The cross attention of INFNet by Keras' own layer."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32


class MultiHeadCrossAttention(keras.layers.Layer):
    """A `keras.layers.MultiHeadAttention` for each query set, over tokens times their gate.

    It has an output projection beside, which the equations lack: with an identity there it is the
    same function as `ProxyCrossAttention`.

    Args:
        num_heads: heads; dim / num_heads is the width of a key.
        output_gate: as `ProxyCrossAttention` takes it.
        **kwargs: of `keras.layers.Layer`.

    Call: as `ProxyCrossAttention`, without shared tokens, weights, buckets and slots.
    """

    def __init__(self, num_heads: int = 1, output_gate: bool = False, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.num_heads = num_heads
        self.output_gate = output_gate

    def build(self, queries_shape: Any, tokens_shape: Any) -> None:
        dim = tokens_shape[-1]
        self.attentions, self.gates = [], []
        for number, shape in enumerate(queries_shape):
            attention = keras.layers.MultiHeadAttention(
                self.num_heads,
                dim // self.num_heads,
                use_bias=False,
                dtype=self.dtype_policy,
                name=f"attention_{number}",
            )
            attention.build(shape, tokens_shape)
            self.attentions.append(attention)
            if self.output_gate:
                self.gates.append(self.add_weight((dim, dim), name=f"gate_{number}"))

    def call(
        self,
        queries: Sequence[Any],
        tokens: Any,
        tokens_mask: Any = None,
        gate: Any = None,
        shared_tokens: bool = False,
        return_weights: bool = False,
        slot: Any = None,
    ) -> list[Any]:
        tokens = ops.cast(tokens, self.compute_dtype)
        if gate is not None:
            tokens = tokens * ops.cast(ops.expand_dims(gate, 1), self.compute_dtype)
        mask = some = None
        if tokens_mask is not None:
            mask = ops.expand_dims(tokens_mask, 1)
            some = ops.cast(ops.any(mask, axis=-1, keepdims=True), self.compute_dtype)
        found = []
        for number, query in enumerate(queries):
            query = ops.cast(query, self.compute_dtype)
            output = self.attentions[number](query, tokens, attention_mask=mask)
            if some is not None:
                output = output * some
            if self.output_gate:
                kernel = ops.cast(self.gates[number], self.compute_dtype)
                logits = at_least_float32(ops.matmul(query, kernel))
                output = output * ops.cast(ops.sigmoid(logits), self.compute_dtype)
            found.append(output)
        return found
