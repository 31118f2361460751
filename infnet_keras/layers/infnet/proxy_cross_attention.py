"""Cross attention of a few proxies over many tokens, without projecting a token."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.embeddings.buckets import by_bucket, is_bucketed
from infnet_keras.layers.infnet.attend import attend
from infnet_keras.layers.split_sizes import split_sizes


@keras.saving.register_keras_serializable(package="infnet_keras")
class ProxyCrossAttention(keras.layers.Layer):
    """CA(Q, X, X) = softmax((Q WQ)(X WK)^T / sqrt(dk)) (X WV) for several query sets at once.

    Every query set has WQ, WK and WV of its own; there are no biases and no output projection, and
    heads are concatenated. Three rewritings, all exact, keep the tokens untouched:

    - (Q WQ)(X WK)^T = (Q WQ WK^T) X^T and softmax(.)(X WV) = (softmax(.) X) WV: only queries and
      outputs, a handful of rows, are projected.
    - With X = X0 * g, one channel vector g per example: scores are (Q WQ WK^T * g) X0^T and outputs
      (softmax(.) X0 * g) WV. X is never formed.
    - The queries of all sets go against the tokens in one product.

    Args:
        num_heads: heads; dk = dim / num_heads.
        activation: "softmax", or "silu": weights are the SiLU of the scores, not normalised.
        output_gate: multiplies each output by sigmoid(Q WG), WG being the query set's own.
        **kwargs: of `keras.layers.Layer`.

    Call:
        queries: list of tensors float [batch, n_i, dim], one per query set.
        tokens: X0 float [batch, L, dim], or a tuple of buckets float [rows_k, L_k, dim], whose rows
            one after the other are the batch's.
        tokens_mask: bool [batch, L], True at the tokens that count; None counts all. Where none
            counts the outputs are 0. A tuple of masks where the tokens are in buckets.
        gate: g float [batch, dim], or None for X = X0.
        shared_tokens: X0 and its mask have batch R where queries and gate have R * K, row by row
            of K: K candidates share one history.
        return_weights: whether the attention weights are wanted too; not of buckets.
        slot: where the gradient of the tokens goes, one of `gradient_slots`, of buckets a list with
            one for each; None differentiates as usual.
        Returns the list of outputs float [batch, n_i, dim] or, with `return_weights`, that list and
        the list of weights float32 [batch, num_heads, n_i, L].

    Example:
        >>> attention = ProxyCrossAttention(num_heads=2)
        >>> out = attention([np.ones((3, 4, 8)), np.ones((3, 2, 8))], np.ones((3, 50, 8)))
        >>> [tuple(o.shape) for o in out]
        [(3, 4, 8), (3, 2, 8)]

    Raises:
        ModelError: the heads do not divide dim, or queries are no list.

    Reference:
        arXiv 2508.11565, heterogeneous flow: CA. SiLU: arXiv 2402.17152 (HSTU), without its
        division by the length. Output gate: arXiv 2505.06708.
    """

    def __init__(
        self,
        num_heads: int = 1,
        activation: Literal["softmax", "silu"] = "softmax",
        output_gate: bool = False,
        **kwargs: Any,
    ) -> None:
        # Inputs are cast in `call`: autocasting would take the gate's precision away.
        super().__init__(autocast=False, **kwargs)
        if activation not in ("softmax", "silu"):
            raise ModelError(f"activation is 'softmax' or 'silu', not {activation!r}")
        self.num_heads = num_heads
        self.activation = activation
        self.output_gate = output_gate

    def build(self, queries_shape: Any, tokens_shape: Any) -> None:
        if not isinstance(queries_shape, list):
            raise ModelError(
                "queries is a list of query sets, each float [batch, n, dim]; found one tensor of "
                f"shape {tuple(queries_shape)}: put it into a list"
            )
        sets, dim = len(queries_shape), tokens_shape[-1]
        if dim % self.num_heads:
            raise ModelError(f"dim {dim} is not divisible by num_heads {self.num_heads}")

        def kernels(name: str) -> Any:
            # Keras counts the leading dimension into the fans: `scale` takes it out again, which
            # leaves Glorot's uniform initialisation of each set's dim x dim matrix.
            glorot = keras.initializers.VarianceScaling(sets, "fan_avg", "uniform")
            return self.add_weight((sets, dim, dim), glorot, name=name, autocast=False)

        self.query_kernels = kernels("query")
        self.key_kernels = kernels("key")
        self.value_kernels = kernels("value")
        if self.output_gate:
            self.gate_kernels = kernels("gate")

    def call(
        self,
        queries: Sequence[Any],
        tokens: Any,
        tokens_mask: Any = None,
        gate: Any = None,
        shared_tokens: bool = False,
        return_weights: bool = False,
        slot: Any = None,
    ) -> Any:
        sets, heads, dim = len(queries), self.num_heads, queries[0].shape[-1]
        if is_bucketed(tokens):
            tokens = [ops.cast(bucket, self.compute_dtype) for bucket in tokens]
        else:
            tokens = ops.cast(tokens, self.compute_dtype)
        per_head = (sets, dim, heads, dim // heads)
        absorbed = ops.einsum(
            "sihk,sjhk->sihj",
            ops.reshape(self.query_kernels, per_head),
            ops.reshape(self.key_kernels, per_head),
        )
        absorbed = absorbed * (1.0 / math.sqrt(dim // heads))
        absorbed = ops.cast(ops.reshape(absorbed, (sets, dim, heads * dim)), self.compute_dtype)
        # Rows of the one product: set by set, query by query, head by head.
        rows = [query.shape[1] * heads for query in queries]
        joined = ops.concatenate(
            [
                ops.reshape(
                    ops.matmul(ops.cast(query, self.compute_dtype), absorbed[index]),
                    (-1, rows[index], dim),
                )
                for index, query in enumerate(queries)
            ],
            axis=1,
        )
        joined = self._gated(joined, gate)
        if shared_tokens:
            joined = ops.reshape(joined, (ops.shape(tokens)[0], -1, dim))
        if is_bucketed(tokens):
            outputs, weights = self._attend_buckets(joined, tokens, tokens_mask, slot), None
        else:
            outputs, weights = attend(
                joined,
                tokens,
                tokens_mask,
                return_weights,
                many_queries=shared_tokens,
                activation=self.activation,
                slot=slot,
            )
        if shared_tokens:
            outputs = ops.reshape(outputs, (-1, sum(rows), dim))
        outputs = self._gated(outputs, gate)
        values = ops.cast(ops.reshape(self.value_kernels, per_head), self.compute_dtype)
        projected = [
            ops.reshape(
                ops.einsum(
                    "bnhd,dhk->bnhk",
                    ops.reshape(part, (-1, rows[i] // heads, heads, dim)),
                    values[i],
                ),
                (-1, rows[i] // heads, dim),
            )
            for i, part in enumerate(split_sizes(outputs, rows))
        ]
        if self.output_gate:
            projected = [
                part * self._output_gate(query, self.gate_kernels[i])
                for i, (part, query) in enumerate(zip(projected, queries, strict=True))
            ]
        if not return_weights:
            return projected
        length = tokens.shape[1]
        weights = ops.reshape(weights, (-1, sum(rows), length))
        return projected, [
            ops.transpose(ops.reshape(part, (-1, rows[i] // heads, heads, length)), (0, 2, 1, 3))
            for i, part in enumerate(split_sizes(weights, rows))
        ]

    def _attend_buckets(
        self, queries: Any, tokens: Sequence[Any], masks: Sequence[Any], slots: Any
    ) -> Any:
        rows = split_sizes(queries, [ops.shape(bucket)[0] for bucket in tokens], axis=0)

        def attended(queries: Any, tokens: Any, mask: Any, slot: Any) -> Any:
            return attend(queries, tokens, mask, activation=self.activation, slot=slot)[0]

        return by_bucket(attended, rows, tokens, masks, slots or [None] * len(tokens))

    def _gated(self, rows: Any, gate: Any) -> Any:
        """rows * gate, multiplied in the gate's precision."""
        if gate is None:
            return rows
        return ops.cast(ops.multiply(rows, ops.expand_dims(gate, 1)), self.compute_dtype)

    def _output_gate(self, query: Any, kernel: Any) -> Any:
        query, kernel = (ops.cast(each, self.compute_dtype) for each in (query, kernel))
        gate = ops.sigmoid(at_least_float32(ops.matmul(query, kernel)))
        return ops.cast(gate, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "activation": self.activation,
            "output_gate": self.output_gate,
        }
