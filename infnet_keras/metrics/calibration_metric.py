"""Predicted over observed positives as a Keras metric."""

from typing import Any

import keras

from infnet_keras.metrics.weighted_ratio import WeightedRatio


@keras.saving.register_keras_serializable(package="infnet_keras")
class Calibration(WeightedRatio):
    """Predicted over observed positives: 1 is calibrated, above 1 overestimates.

    The streaming form of `infnet_keras.metrics.calibration`. It is NaN until a positive has been
    seen.

    Args:
        name: of the metric.
        dtype: of state and results; half precision is raised to float32.

    Call:
        y_true: [...], 0, 1 or NaN; rows with NaN take no part.
        y_pred: as many probabilities.
        sample_weight: [...], not negative; None: all 1. Both sums are weighted.

    Example:
        >>> metric = Calibration()
        >>> metric.update_state([1, 0, 0, 0], [0.5, 0.5, 0.25, 0.25])
        >>> float(metric.result())
        1.5
    """

    def __init__(self, name: str = "calibration", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def terms(self, labels: Any, predictions: Any) -> tuple[Any, Any]:
        """The probability of each row, and its label."""
        return predictions, labels
