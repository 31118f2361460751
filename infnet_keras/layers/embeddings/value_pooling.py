"""Several values of one field, or of one step of a sequence, become one embedding."""

from typing import Any, Literal

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="infnet_keras")
class ValuePooling(keras.layers.Layer):
    """Mean or sum over the valid values; zeros where none is.

    Args:
        pooling: "mean" or "sum".
        **kwargs: of `keras.layers.Layer`.

    Call:
        embeddings: float [..., values, dim].
        value_mask: bool [..., values], True where a value is no padding.
        Returns float [..., dim].

    Example:
        >>> mask = np.array([[1, 1, 0], [0, 0, 0]], bool)
        >>> keras.ops.convert_to_numpy(ValuePooling("mean")(np.ones((2, 3, 2)), mask)).tolist()
        [[1.0, 1.0], [0.0, 0.0]]
    """

    def __init__(self, pooling: Literal["mean", "sum"], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if pooling not in ("mean", "sum"):
            raise ValueError(f"pooling is 'mean' or 'sum', not {pooling!r}")
        self.pooling = pooling

    def call(self, embeddings: Any, value_mask: Any) -> Any:
        valid = ops.expand_dims(ops.cast(value_mask, embeddings.dtype), -1)
        pooled = ops.sum(embeddings * valid, axis=-2)
        if self.pooling == "mean":
            pooled = pooled / ops.maximum(ops.sum(valid, axis=-2), 1.0)
        return pooled

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pooling": self.pooling}
