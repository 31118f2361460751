"""The base of the tasks' losses: rows without a label take no part."""

from abc import abstractmethod
from typing import Any

import keras
from keras import ops

from infnet_keras.errors import ModelError


class MaskedLoss(keras.losses.Loss):
    """Mean loss over the rows that have a label; 0 where none has.

    A label of NaN masks its row: the row adds nothing to the value nor to the gradient, whatever
    its prediction and its sample weight. Keras' own losses return NaN there, at sample weight 0
    too.

    With losses l, sample weights w (1 where none are given) and sums over the labelled rows, the
    reductions are Keras' own, as if the masked rows were not in the batch:

    - "sum_over_batch_size" and "mean": sum(w l) / number of labelled rows.
    - "mean_with_sample_weight": sum(w l) / sum(w).
    - "sum": sum(w l).
    - "none" or None: the rows w l [batch], 0 where a row is masked.

    A subclass says what a labelled row costs, in `row_losses`.
    """

    @abstractmethod
    def row_losses(self, labels: Any, answers: Any, valid: Any) -> Any:
        """The loss of each row.

        Args:
            labels: float [batch], 0 where a row is masked.
            answers: [batch], anything where a row is masked: replace it before any arithmetic.
            valid: bool [batch], which rows have a label.

        Returns:
            float [batch], finite where a row is masked.
        """

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
                f"labels of shape {tuple(y_true.shape)} meet answers of shape "
                f"{tuple(y_pred.shape)}; give labels as [batch], one per row"
            )
        valid = ops.logical_not(ops.isnan(y_true))
        # Masked values are replaced before any arithmetic: 0 * NaN is NaN, in gradients too.
        losses = self.row_losses(ops.where(valid, y_true, 0.0), y_pred, valid)
        counted = ops.cast(valid, losses.dtype)
        if self.reduction not in ("sum_over_batch_size", "mean"):
            return losses * counted
        # Keras divides the sum by the batch size; this turns that into the number of labels.
        rows = ops.cast(ops.size(counted), losses.dtype)
        return losses * counted * (rows / ops.maximum(ops.sum(counted), 1.0))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dtype": self.dtype}
