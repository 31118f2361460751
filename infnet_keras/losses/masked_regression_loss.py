"""The error of a regression; rows without a label take no part."""

from typing import Any

import keras
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.losses.masked_loss import MaskedLoss


@keras.saving.register_keras_serializable(package="infnet_keras")
class MaskedRegressionLoss(MaskedLoss):
    """Mean Huber loss, or half the mean squared error, over the rows that have a label.

    Of the error e = (answer - label) / scale, "squared" is e^2 / 2; "huber" is the same up to an
    error of 1 and |e| - 1/2 beyond, so that its gradient is at most 1. The half makes
    exp(-s) * squared + s / 2 a Gaussian's negative log likelihood of variance exp(s): see
    `TaskUncertainty`. A label of NaN masks its row, and reductions are over the others: see
    `MaskedLoss`.

    Args:
        error: "huber" or "squared".
        scale: unit of the error, in units of the label; positive.
        reduction: one of those of `MaskedLoss`.
        name: name of the loss.
        dtype: dtype of the computation, "float32" by default.

    Call:
        y_true: float [batch], finite or NaN.
        y_pred: float [batch], answers in the label's own unit.
        sample_weight: float [batch], or None.
        Returns a scalar, or [batch] without a reduction.

    Raises:
        ModelError: there is no such error, the scale is not positive, or labels and answers have
            different ranks.
        ValueError: Keras knows no such reduction.

    Example:
        >>> loss = MaskedRegressionLoss(scale=60.0)
        >>> labels, answers = np.array([90.0, np.nan, 0.0]), np.array([60.0, 5.0, 120.0])
        >>> float(loss(labels, answers))  # the mean of 0.5 ** 2 / 2 and 2 - 0.5
        0.8125

    Reference:
        Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35,
        1964.
    """

    def __init__(
        self,
        error: str = "huber",
        scale: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "masked_regression_loss",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if error not in ("huber", "squared"):
            raise ModelError(f"the error of a regression is 'huber' or 'squared', not {error!r}")
        if not scale > 0:
            raise ModelError(f"the scale of a regression is positive, not {scale}")
        self.error = error
        self.scale = float(scale)

    def row_losses(self, labels: Any, answers: Any, valid: Any) -> Any:
        """Huber's loss, or half the squared error, of each row."""
        error = (ops.where(valid, answers, 0.0) - labels) / self.scale
        if self.error == "squared":
            return ops.square(error) / 2
        # No branch: the square of a huge error, taken or not, would make its gradient NaN.
        size = ops.abs(error)
        near = ops.minimum(size, 1.0)
        return ops.square(near) / 2 + (size - near)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "error": self.error, "scale": self.scale}
