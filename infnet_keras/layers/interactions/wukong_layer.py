"""A layer of WuKong: a factorization machine block beside a linear compression."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.layers.multilayer_perceptron import MultilayerPerceptron
from infnet_keras.layers.token_normalization import TokenNormalization


@keras.saving.register_keras_serializable(package="infnet_keras")
class WuKongLayer(keras.layers.Layer):
    """X' = LN([FMB(X); LCB(X)] + X): interactions of twice the degree, and X compressed.

    FMB(X) = reshape(MLP(LN(flatten(X X^T Y)))) with a learned Y of `rank` columns in place of all
    products X X^T, and LCB(X) = W X. Where X' has another number of vectors than X, the residual is
    X compressed by a matrix of its own, as the paper suggests. The MLP's output is linear.

    Args:
        fm_vectors: vectors that FMB gives.
        linear_vectors: vectors that LCB gives.
        rank: columns of Y.
        hidden: widths of the MLP's hidden layers (ReLU).
        dropout: rate after each of them.
        **kwargs: of `keras.layers.Layer`.

    Call:
        vectors: float [batch, count, dim], both static.
        Returns float [batch, fm_vectors + linear_vectors, dim].

    Example:
        >>> WuKongLayer(3, 2, rank=4)(np.ones((5, 7, 8))).shape
        (5, 5, 8)

    Reference:
        Zhang et al., Wukong: towards a scaling law for large-scale recommendation, ICML 2024,
        arXiv 2403.02545, section 3: interaction stack, FMB, LCB and the optimized FM. Y is a weight
        here; the paper may also compute it from X.
    """

    def __init__(
        self,
        fm_vectors: int,
        linear_vectors: int,
        rank: int,
        hidden: Sequence[int] = (),
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fm_vectors = fm_vectors
        self.linear_vectors = linear_vectors
        self.rank = rank
        self.hidden = tuple(hidden)
        self.dropout = dropout

    def build(self, vectors_shape: Any) -> None:
        _, count, dim = vectors_shape
        self.projection = self.add_weight((count, self.rank), "glorot_uniform", name="projection")
        self.linear = self.add_weight((self.linear_vectors, count), "glorot_uniform", name="linear")
        outputs = self.fm_vectors + self.linear_vectors
        self.residual = None
        if outputs != count:
            self.residual = self.add_weight((outputs, count), "glorot_uniform", name="residual")
        self.product_norm = TokenNormalization(dtype=self.dtype_policy, name="product_norm")
        self.product_norm.build((None, count * self.rank))
        self.perceptron = MultilayerPerceptron(
            self.hidden,
            self.fm_vectors * dim,
            dropout=self.dropout,
            dtype=self.dtype_policy,
            name="perceptron",
        )
        self.perceptron.build((None, count * self.rank))
        self.norm = TokenNormalization(dtype=self.dtype_policy, name="norm")
        self.norm.build((None, outputs, dim))

    def call(self, vectors: Any, training: bool | None = None) -> Any:
        _, count, dim = vectors.shape
        # X (X^T Y), so that the products of all pairs are never made.
        compressed = ops.einsum("bnd,nk->bdk", vectors, self.projection)
        products = ops.reshape(ops.matmul(vectors, compressed), (-1, count * self.rank))
        interactions = self.perceptron(self.product_norm(products), training=training)
        interactions = ops.reshape(interactions, (-1, self.fm_vectors, dim))
        linear = ops.einsum("mn,bnd->bmd", self.linear, vectors)
        kept = vectors
        if self.residual is not None:
            kept = ops.einsum("mn,bnd->bmd", self.residual, vectors)
        return self.norm(ops.concatenate([interactions, linear], axis=1) + kept)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "fm_vectors": self.fm_vectors,
            "linear_vectors": self.linear_vectors,
            "rank": self.rank,
            "hidden": list(self.hidden),
            "dropout": self.dropout,
        }
