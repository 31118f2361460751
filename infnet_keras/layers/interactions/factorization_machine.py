"""The products of all pairs of vectors, in time linear in the vectors."""

from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32


@keras.saving.register_keras_serializable(package="infnet_keras")
class FactorizationMachine(keras.layers.Layer):
    """sum_{i<j} v_i * v_j = ((sum_i v_i)^2 - sum_i v_i^2) / 2, factor by factor.

    The sum of the output's channels is the pairwise term of a factorization machine,
    sum_{i<j} <v_i, v_j>. The difference is taken in float32 at least, where little of it cancels.
    `keras_rs.layers.DotInteraction` gives the products of all pairs instead, one by one.

    Args:
        **kwargs: of `keras.layers.Layer`.

    Call:
        vectors: float [batch, count, dim].
        Returns float [batch, dim].

    Example:
        >>> vectors = np.array([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]])
        >>> keras.ops.convert_to_numpy(FactorizationMachine()(vectors)).tolist()
        [[23.0, 44.0]]

    Reference:
        Rendle, Factorization machines, ICDM 2010, equation 1 and lemma 3.1.
    """

    def call(self, vectors: Any) -> Any:
        values = at_least_float32(vectors)
        total = ops.sum(values, axis=1)
        pairs = (ops.square(total) - ops.sum(ops.square(values), axis=1)) / 2.0
        return ops.cast(pairs, self.compute_dtype)
