"""A layer of HSTU: pointwise attention over a history, gated, for candidates that share it."""

from typing import Any

import keras
import numpy as np
from keras import ops

from infnet_keras.layers.token_normalization import TokenNormalization


@keras.saving.register_keras_serializable(package="infnet_keras")
class HSTULayer(keras.layers.Layer):
    """x' = x + W_o (LN(sum_j silu(q . k_j + b_j) v_j) * u), [u, v, q, k] = silu(W x + b).

    The tokens are `num_fields` fields, which see one another, then a history in time order, whose
    steps see the fields and the steps up to their own. Each candidate comes after the latest step,
    and sees all tokens and itself: nothing that it does changes a token, so that the candidates of
    a user share them. b_j is learned for each field, and for each distance in steps.

    Args:
        num_fields: tokens before the history.
        num_heads: heads of the attention, with u and v split between them alike.
        update_tokens: False gives the tokens back as they are, which a last layer may do.
        **kwargs: of `keras.layers.Layer`.

    Call:
        tokens: float [batch, num_fields + length, dim].
        candidates: float [batch, n, dim].
        steps_mask: bool [batch, length], True at the valid steps, which come first.
        Returns tokens and candidates, shaped as they were.

    Example:
        >>> mask = np.ones((2, 3), bool)
        >>> tokens, candidates = HSTULayer(2)(np.ones((2, 5, 4)), np.ones((2, 6, 4)), mask)
        >>> candidates.shape
        (2, 6, 4)

    Reference:
        Zhai et al., Actions speak louder than words: trillion-parameter sequential transducers for
        generative recommendations, ICML 2024, arXiv 2402.17152, equations 1 to 3. The bias is of
        positions alone: what a step knows of its time is in its token. The residual is the paper's,
        between layers.
    """

    def __init__(
        self, num_fields: int = 0, num_heads: int = 1, update_tokens: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.num_fields = num_fields
        self.num_heads = num_heads
        self.update_tokens = update_tokens

    def build(
        self, tokens_shape: Any, candidates_shape: Any = None, steps_mask_shape: Any = None
    ) -> None:
        _, count, dim = tokens_shape
        self.kernels = [
            self.add_weight((dim, dim), "glorot_uniform", name=f"{name}_kernel") for name in "uvqk"
        ]
        self.biases = [self.add_weight((dim,), "zeros", name=f"{name}_bias") for name in "uvqk"]
        self.distance_bias = self.add_weight(
            (count - self.num_fields + 1,), "zeros", name="distance_bias"
        )
        self.field_bias = None
        if self.num_fields:
            self.field_bias = self.add_weight((self.num_fields,), "zeros", name="field_bias")
        self.norm = TokenNormalization(1e-6, dtype=self.dtype_policy, name="norm")
        self.norm.build((None, None, dim))
        self.output_kernel = self.add_weight((dim, dim), "glorot_uniform", name="output_kernel")
        self.output_bias = self.add_weight((dim,), "zeros", name="output_bias")

    def call(self, tokens: Any, candidates: Any, steps_mask: Any) -> tuple[Any, Any]:
        u, v, q, k = self._project(tokens)
        own_u, own_v, own_q, own_k = self._project(candidates)
        visible, bias = self._of_candidates(steps_mask)
        weights = self._weights(own_q, k, bias, visible)
        itself = ops.silu(ops.sum(own_q * own_k, axis=-1, keepdims=True) + self.distance_bias[0])
        read = ops.matmul(weights, v) + itself * own_v
        candidates = candidates + self._output(read, own_u)
        if self.update_tokens:
            visible, bias = self._of_tokens(steps_mask)
            read = ops.matmul(self._weights(q, k, bias, visible), v)
            tokens = tokens + self._output(read, u)
        return tokens, candidates

    def _project(self, inputs: Any) -> list[Any]:
        """u, v, q and k: [batch, heads, rows, dim / heads] each."""
        kernel, bias = ops.concatenate(self.kernels, axis=1), ops.concatenate(self.biases)
        joined = ops.silu(ops.matmul(inputs, kernel) + bias)
        batch, rows = ops.shape(inputs)[:2]  # no -1: there may be no token
        size = inputs.shape[-1] // self.num_heads
        split = ops.reshape(joined, (batch, rows, 4 * self.num_heads, size))
        return list(ops.split(ops.transpose(split, (0, 2, 1, 3)), 4, axis=1))

    def _weights(self, queries: Any, keys: Any, bias: Any, visible: Any) -> Any:
        scores = ops.matmul(queries, ops.transpose(keys, (0, 1, 3, 2))) + bias
        return ops.where(visible, ops.silu(scores), ops.zeros_like(scores))

    def _output(self, read: Any, u: Any) -> Any:
        read, u = (self._joined_heads(each) for each in (read, u))
        return ops.matmul(self.norm(read) * u, self.output_kernel) + self.output_bias

    def _joined_heads(self, parts: Any) -> Any:
        batch, _, rows = ops.shape(parts)[:3]
        width = self.num_heads * parts.shape[-1]
        return ops.reshape(ops.transpose(parts, (0, 2, 1, 3)), (batch, rows, width))

    def _of_tokens(self, steps_mask: Any) -> tuple[Any, Any]:
        """What a token sees [batch, 1, tokens, tokens], and the bias of it [tokens, tokens]."""
        fields, length = self.num_fields, steps_mask.shape[1]
        distances = np.arange(length)[:, None] - np.arange(length)
        causal = np.zeros((fields + length, fields + length), bool)
        causal[:, :fields] = True
        causal[fields:, fields:] = distances >= 0
        valid = ops.expand_dims(ops.expand_dims(self._valid(steps_mask), 1), 1)
        bias = ops.take(self.distance_bias, np.maximum(distances, 0), axis=0)
        bias = ops.pad(bias, ((fields, 0), (0, 0)))
        if self.field_bias is not None:
            every = ops.broadcast_to(self.field_bias, (fields + length, fields))
            bias = ops.concatenate([every, bias], axis=1)
        return ops.logical_and(valid, causal), bias

    def _of_candidates(self, steps_mask: Any) -> tuple[Any, Any]:
        """What a candidate sees, and the bias of it: both [batch, 1, 1, tokens]."""
        count = ops.sum(ops.cast(steps_mask, "int32"), axis=1, keepdims=True)
        distances = ops.maximum(count - ops.arange(steps_mask.shape[1], dtype="int32"), 0)
        bias = ops.take(self.distance_bias, distances, axis=0)
        if self.field_bias is not None:
            every = ops.zeros_like(ops.cast(count, bias.dtype)) + self.field_bias
            bias = ops.concatenate([every, bias], axis=1)
        valid, bias = (
            ops.expand_dims(ops.expand_dims(each, 1), 1) for each in (self._valid(steps_mask), bias)
        )
        return valid, bias

    def _valid(self, steps_mask: Any) -> Any:
        """Which tokens count: the fields, and the valid steps."""
        padded = ops.pad(
            ops.cast(steps_mask, "int32"), ((0, 0), (self.num_fields, 0)), "constant", 1
        )
        return ops.not_equal(padded, 0)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_fields": self.num_fields,
            "num_heads": self.num_heads,
            "update_tokens": self.update_tokens,
        }
