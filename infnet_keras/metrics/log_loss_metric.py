"""Mean negative log likelihood as a Keras metric."""

from typing import Any

import keras
from keras import ops

from infnet_keras.metrics.weighted_ratio import WeightedRatio


@keras.saving.register_keras_serializable(package="infnet_keras")
class LogLoss(WeightedRatio):
    """Mean binary cross-entropy over the rows that have a label, in nats.

    The streaming form of `infnet_keras.metrics.log_loss`. It is NaN until a label has been seen.

    Args:
        epsilon: probabilities are clipped to [epsilon, 1 - epsilon], as in the training loss.
        name: of the metric.
        dtype: of state and results; half precision is raised to float32.

    Call:
        y_true: [...], 0, 1 or NaN; rows with NaN take no part.
        y_pred: as many probabilities.
        sample_weight: [...], not negative; None: all 1. The mean is weighted.

    Example:
        >>> metric = LogLoss()
        >>> metric.update_state([1, 0, float("nan")], [0.5, 0.5, 0.9])
        >>> float(metric.result())
        0.6931...
    """

    def __init__(self, epsilon: float = 1e-7, name: str = "log_loss", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.epsilon = epsilon

    def terms(self, labels: Any, predictions: Any) -> tuple[Any, Any]:
        """Cross-entropy of each row, and 1."""
        # Of what was said of the class that did not happen, near 1 as near 0 exact.
        wrong = ops.where(ops.equal(labels, 1.0), 1.0 - predictions, predictions)
        right = ops.where(ops.equal(labels, 1.0), predictions, 1.0 - predictions)
        losses = ops.where(
            ops.less(wrong, 0.5),
            -ops.log1p(-ops.clip(wrong, self.epsilon, 0.5)),
            -ops.log(ops.clip(right, self.epsilon, 1.0)),
        )
        losses = ops.where(ops.isnan(predictions), predictions, losses)
        return losses, ops.ones_like(losses)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}
