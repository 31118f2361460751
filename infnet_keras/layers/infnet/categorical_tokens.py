"""Categorical tokens C and their proxies C~."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.layers.multilayer_perceptron import MultilayerPerceptron
from infnet_keras.layers.token_normalization import TokenNormalization


@keras.saving.register_keras_serializable(package="infnet_keras")
class CategoricalTokens(keras.layers.Layer):
    """Stacks the fields' embeddings and summarises them: C~ = Reshape(MLP(Flatten(C))).

    Args:
        num_proxies: m, rows of C~; 0 makes none.
        hidden: hidden widths of the MLP; None takes one hidden layer of twice the tokens' width.
        normalize: layer normalisation of C, before anything reads it.
        **kwargs: of `keras.layers.Layer`.

    Call:
        embeddings: list of M tensors float [batch, dim], one per field.
        Returns C float [batch, M, dim] and C~ float [batch, num_proxies, dim], or None for it.

    Example:
        >>> tokens, proxies = CategoricalTokens(4)([np.ones((2, 8)), np.zeros((2, 8))])
        >>> tokens.shape, proxies.shape
        ((2, 2, 8), (2, 4, 8))

    Reference:
        arXiv 2508.11565, section on tokens and proxies (categorical).
    """

    def __init__(
        self,
        num_proxies: int = 4,
        hidden: Sequence[int] | None = None,
        normalize: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_proxies = num_proxies
        self.hidden = None if hidden is None else tuple(hidden)
        self.normalize = normalize

    def build(self, embeddings_shape: Any) -> None:
        dim = embeddings_shape[0][-1]
        if self.normalize:
            self.norm = TokenNormalization(dtype=self.dtype_policy, name="norm")
            self.norm.build((None, len(embeddings_shape), dim))
        if not self.num_proxies:
            return
        hidden = (2 * dim,) if self.hidden is None else self.hidden
        self.perceptron = MultilayerPerceptron(
            hidden, self.num_proxies * dim, dtype=self.dtype_policy, name="perceptron"
        )
        self.perceptron.build((None, len(embeddings_shape) * dim))

    def call(self, embeddings: Sequence[Any]) -> tuple[Any, Any]:
        tokens = ops.stack(list(embeddings), axis=1)
        if self.normalize:
            tokens = self.norm(tokens)
        if not self.num_proxies:
            return tokens, None
        _, count, dim = tokens.shape
        proxies = self.perceptron(ops.reshape(tokens, (-1, count * dim)))
        return tokens, ops.reshape(proxies, (-1, self.num_proxies, dim))

    def get_config(self) -> dict[str, Any]:
        hidden = None if self.hidden is None else list(self.hidden)
        return {
            **super().get_config(),
            "num_proxies": self.num_proxies,
            "hidden": hidden,
            "normalize": self.normalize,
        }
