"""Sequence tokens S and their proxies S~."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from infnet_keras.layers.token_normalization import TokenNormalization


@keras.saving.register_keras_serializable(package="infnet_keras")
class SequenceTokens(keras.layers.Layer):
    """Joins the sequences' embeddings and pools each: S~_a = sum over valid t of phi(s_{a,t}).

    phi is one network for all sequences. Its last layer is linear, so the sum is taken before it:
    sum(h W + b) = (sum h) W + count * b, which never projects a token.

    Args:
        num_proxies: rows of S~; None gives one per sequence (F rows), k gives a learned k x F
            mixing of them, 0 makes none.
        hidden: widths of phi's hidden layers (ReLU); empty makes phi linear.
        position: adds to each valid token a learned vector of its position counted from the
            latest event.
        normalize: layer normalisation of the embeddings, before anything reads them.
        **kwargs: of `keras.layers.Layer`.

    Call:
        embeddings: list of F tensors float [batch, length_a, dim], oldest event first, valid steps
            before padding.
        masks: list of F tensors bool [batch, length_a], True at valid steps.
        Returns S float [batch, L, dim] with L the sum of the lengths, its mask bool [batch, L] and
        S~ float [batch, F or num_proxies, dim], or None for it. An empty sequence's row of S~
        (before mixing) is 0.

    Example:
        >>> clicks, likes = np.ones((2, 3, 8)), np.ones((2, 5, 8))
        >>> masks = [np.ones((2, 3), bool), np.zeros((2, 5), bool)]
        >>> tokens, mask, proxies = SequenceTokens()([clicks, likes], masks)
        >>> tokens.shape, mask.shape, proxies.shape
        ((2, 8, 8), (2, 8), (2, 2, 8))

    Reference:
        arXiv 2508.11565, section on tokens and proxies (sequence).
    """

    def __init__(
        self,
        num_proxies: int | None = None,
        hidden: Sequence[int] = (),
        position: bool = False,
        normalize: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_proxies = num_proxies
        self.hidden = tuple(hidden)
        self.position = position
        self.normalize = normalize

    def build(self, embeddings_shape: Any) -> None:
        lengths = [shape[1] for shape in embeddings_shape]
        dim = embeddings_shape[0][-1]
        if self.normalize:
            self.norm = TokenNormalization(dtype=self.dtype_policy, name="norm")
            self.norm.build((None, sum(lengths), dim))
        if self.position:
            self.positions = self.add_weight(
                shape=(max(lengths), dim), initializer="random_normal", name="positions"
            )
        if self.num_proxies == 0:
            return
        self.hidden_layers = []
        width = dim
        for index, units in enumerate(self.hidden):
            layer = keras.layers.Dense(
                units, activation="relu", dtype=self.dtype_policy, name=f"hidden_{index}"
            )
            layer.build((None, None, width))
            self.hidden_layers.append(layer)
            width = units
        self.kernel = self.add_weight(
            shape=(width, dim), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(dim,), initializer="zeros", name="bias")
        if self.num_proxies is not None:
            self.mixing = self.add_weight(
                shape=(self.num_proxies, len(lengths)), initializer="glorot_uniform", name="mixing"
            )

    def call(self, embeddings: Sequence[Any], masks: Sequence[Any]) -> tuple[Any, Any, Any]:
        lengths = [embedding.shape[1] for embedding in embeddings]
        tokens = ops.concatenate(list(embeddings), axis=1)
        if self.normalize:
            tokens = self.norm(tokens)
        mask = ops.concatenate(list(masks), axis=1)
        valid = ops.cast(mask, tokens.dtype)
        counts = ops.stack([ops.sum(ops.cast(m, "int32"), axis=1) for m in masks], axis=1)
        if self.position:
            steps = np.concatenate([np.arange(length) for length in lengths])
            sequence_of = np.repeat(np.arange(len(lengths)), lengths)
            latest = ops.take(counts, sequence_of, axis=1) - 1
            from_latest = ops.maximum(ops.subtract(latest, steps[None].astype("int32")), 0)
            vectors = ops.take(self.positions, from_latest, axis=0)
            tokens = tokens + vectors * ops.expand_dims(valid, -1)
        if self.num_proxies == 0:
            return tokens, mask, None
        hidden = tokens
        for layer in self.hidden_layers:
            hidden = layer(hidden)
        # The sum over each sequence's valid steps as one product, which needs no copy of them.
        steps_of = np.repeat(np.eye(len(lengths)), lengths, axis=0)
        counted = ops.expand_dims(valid, -1) * ops.cast(steps_of[None], valid.dtype)
        pooled = ops.einsum("blf,bld->bfd", counted, hidden)
        count = ops.expand_dims(ops.cast(counts, pooled.dtype), -1)
        proxies = ops.matmul(pooled, self.kernel) + count * self.bias
        if self.num_proxies is not None:
            proxies = ops.matmul(self.mixing, proxies)
        return tokens, mask, proxies

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_proxies": self.num_proxies,
            "hidden": list(self.hidden),
            "position": self.position,
            "normalize": self.normalize,
        }
