"""The loss of a task of each kind."""

from typing import Any

from infnet_keras.losses.masked_binary_crossentropy import MaskedBinaryCrossentropy
from infnet_keras.losses.masked_regression_loss import MaskedRegressionLoss

TASK_LOSSES: dict[str, Any] = {
    "binary": MaskedBinaryCrossentropy,
    "regression": MaskedRegressionLoss,
}
"""Kind of task -> class of its loss, which leaves rows with a NaN label out."""
