"""Binary cross-entropy of one task; rows without a label take no part."""

from typing import Any

import keras
from keras import ops

from infnet_keras.losses.masked_loss import MaskedLoss


@keras.saving.register_keras_serializable(package="infnet_keras")
class MaskedBinaryCrossentropy(MaskedLoss):
    """Mean binary cross-entropy over the rows that have a label; 0 where none has.

    A label of NaN masks its row, and reductions are over the others: see `MaskedLoss`.

    Args:
        epsilon: probabilities are clipped to [epsilon, 1 - epsilon], which bounds one row's loss;
            inside that range (logits within 16 of 0) values and gradients are exact.
        reduction: one of those of `MaskedLoss`.
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

    def row_losses(self, labels: Any, answers: Any, valid: Any) -> Any:
        """Cross-entropy of each row."""
        probabilities = ops.clip(ops.where(valid, answers, 0.5), self.epsilon, 1.0 - self.epsilon)
        return -(labels * ops.log(probabilities) + (1.0 - labels) * ops.log1p(-probabilities))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}
