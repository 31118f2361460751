"""The rows that a Keras metric counts."""

from typing import Any

from keras import ops

from infnet_keras.errors import DataError


def metric_rows(y_true: Any, y_pred: Any, sample_weight: Any, dtype: str) -> tuple[Any, Any, Any]:
    """Flat labels, predictions and weights; a row whose label is NaN has weight 0.

    Whatever stands in a row without a label, NaN included, is replaced by 0.

    Args:
        y_true: [...], 0, 1 or NaN, any dtype.
        y_pred: as many values, any float dtype.
        sample_weight: [...], or of the leading dimensions alone, or a scalar; None: all 1.
        dtype: of the results.

    Returns:
        Labels, predictions and weights [rows].

    Raises:
        DataError: there are not as many labels as predictions.
    """
    labels = ops.cast(ops.convert_to_tensor(y_true), dtype)
    predictions = ops.reshape(ops.cast(ops.convert_to_tensor(y_pred), dtype), (-1,))
    weights = ops.cast(
        ops.convert_to_tensor(1.0 if sample_weight is None else sample_weight), dtype
    )
    while 0 < len(weights.shape) < len(labels.shape):
        weights = ops.expand_dims(weights, -1)
    weights = ops.reshape(ops.broadcast_to(weights, ops.shape(labels)), (-1,))
    labels = ops.reshape(labels, (-1,))
    sizes = {labels.shape[0], predictions.shape[0]} - {None}
    if len(sizes) > 1:
        raise DataError(
            f"labels of shape {tuple(y_true.shape)} meet predictions of shape "
            f"{tuple(y_pred.shape)}; give one label per prediction"
        )
    masked = ops.isnan(labels)
    zeros = ops.zeros_like(labels)
    return (
        ops.where(masked, zeros, labels),
        ops.where(masked, zeros, predictions),
        ops.where(masked, zeros, weights),
    )
