"""Binary cross-entropy of one task; rows without a label take no part."""

from typing import Any

import keras
from keras import ops

from infnet_keras.errors import ModelError


@keras.saving.register_keras_serializable(package="infnet_keras")
class MaskedBinaryCrossentropy(keras.losses.Loss):
    """Mean binary cross-entropy over the rows that have a label; 0 where none has.

    A label of NaN masks its row: the row adds nothing to the value nor to the gradient, whatever
    its prediction and its sample weight. Keras' own binary cross-entropy returns NaN there, at
    sample weight 0 too.

    With losses l, sample weights w (1 where none are given) and sums over the labelled rows, the
    reductions are Keras' own, as if the masked rows were not in the batch:

    - "sum_over_batch_size" and "mean": sum(w l) / number of labelled rows.
    - "mean_with_sample_weight": sum(w l) / sum(w).
    - "sum": sum(w l).
    - "none" or None: the rows w l [batch], 0 where a row is masked.

    Args:
        epsilon: probabilities are clipped to [epsilon, 1 - epsilon], which bounds one row's loss;
            inside that range (logits within 16 of 0) values and gradients are exact.
        reduction: one of those above.
        name: name of the loss.
        dtype: dtype of the computation, "float32" by default.

    Call:
        y_true: float [batch], 0.0, 1.0 or NaN.
        y_pred: float [batch], probabilities.
        sample_weight: float [batch], or None.
        Returns a scalar, or [batch] without a reduction.

    Raises:
        ModelError: labels and probabilities have different ranks.
        ValueError: Keras knows no such reduction.

    Example:
        >>> loss = MaskedBinaryCrossentropy()
        >>> float(loss(np.array([1.0, np.nan]), np.array([0.5, 0.9])))  # -log(0.5)
        0.6931...

    Reference:
        arXiv 2508.11565, the loss of each task (BCE_i).
    """

    def __init__(
        self,
        epsilon: float = 1e-7,
        reduction: str | None = "sum_over_batch_size",
        name: str = "masked_binary_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.epsilon = epsilon

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        if sample_weight is not None or self.reduction == "mean_with_sample_weight":
            # That reduction divides by the sum of the weights: masked rows must have weight 0.
            weights = 1.0 if sample_weight is None else sample_weight
            weights = ops.convert_to_tensor(weights, dtype=self.dtype)
            sample_weight = ops.where(ops.isnan(y_true), 0.0, weights)
        return super().__call__(y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if len(y_true.shape) != len(y_pred.shape):
            raise ModelError(
                f"labels of shape {tuple(y_true.shape)} meet probabilities of shape "
                f"{tuple(y_pred.shape)}; give labels as [batch], one per row"
            )
        valid = ops.logical_not(ops.isnan(y_true))
        # Masked values are replaced before any arithmetic: 0 * NaN is NaN, in gradients too.
        labels = ops.where(valid, y_true, 0.0)
        probabilities = ops.clip(ops.where(valid, y_pred, 0.5), self.epsilon, 1.0 - self.epsilon)
        crossentropy = -(
            labels * ops.log(probabilities) + (1.0 - labels) * ops.log1p(-probabilities)
        )
        counted = ops.cast(valid, crossentropy.dtype)
        if self.reduction not in ("sum_over_batch_size", "mean"):
            return crossentropy * counted
        # Keras divides the sum by the batch size; this turns that into the number of labels.
        rows = ops.cast(ops.size(counted), crossentropy.dtype)
        return crossentropy * counted * (rows / ops.maximum(ops.sum(counted), 1.0))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon, "dtype": self.dtype}
