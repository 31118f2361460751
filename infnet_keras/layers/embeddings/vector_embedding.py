"""Embeddings of ids by vectors that were learned elsewhere."""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from infnet_keras.layers.embeddings.lookup import Lookup, gather


@keras.saving.register_keras_serializable(package="infnet_keras")
class VectorEmbedding(keras.layers.Layer):
    """Vectors of a table's ids, each projected by linear maps without bias.

    Ids without a vector, padding among them, have zeros, and so has their projection.

    Args:
        rows: of the table, padding included.
        width: of a vector.
        dims: name of a projection -> its width.
        trained: whether training moves the vectors.
        **kwargs: of `keras.layers.Layer`.

    Call:
        ids: int [batch, ...], other dimensions static; one outside the table is read as id 1.
        name: of the projection.
        Returns float [batch, ..., dims[name]].

    Example:
        >>> layer = VectorEmbedding(rows=4, width=3, dims={"embeddings": 8})
        >>> layer(np.array([[2, 3, 0]]), name="embeddings").shape
        (1, 3, 8)
    """

    def __init__(
        self, rows: int, width: int, dims: dict[str, int], trained: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rows = rows
        self.width = width
        self.dims = dict(dims)
        self.trained = trained

    def build(self, ids_shape: Any = None) -> None:
        self.vectors = self.add_weight(
            shape=(self.rows, self.width),
            initializer="zeros",
            name="vectors",
            trainable=self.trained,
            autocast=False,
        )
        self.projections = {}
        for name, dim in self.dims.items():
            self.projections[name] = keras.layers.Dense(
                dim, use_bias=False, dtype=self.dtype_policy, name=f"projection_{name}"
            )
            self.projections[name].build((None, self.width))

    def assign(self, first_value_id: int, vectors: npt.NDArray[np.float32]) -> None:
        """Take the vectors of the values, [values, width], in row order; other rows are zeros."""
        whole = np.zeros((self.rows, self.width), np.float32)
        whole[first_value_id : first_value_id + len(vectors)] = vectors
        self.vectors.assign(whole)

    def call(self, ids: Any, name: str) -> Any:
        shape = tuple(ids.shape[1:])
        flat = ops.reshape(ops.cast(ids, "int32"), (-1, int(np.prod(shape, dtype=np.int64))))
        known = ops.logical_and(ops.greater_equal(flat, 0), ops.less(flat, self.rows))
        flat = ops.where(known, flat, 1)
        found = gather({name: Lookup(self.vectors, flat)})[name]
        projected = self.projections[name](ops.cast(found, self.compute_dtype))
        return ops.reshape(projected, (-1, *shape, self.dims[name]))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rows": self.rows,
            "width": self.width,
            "dims": self.dims,
            "trained": self.trained,
        }
