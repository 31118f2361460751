"""Expected calibration error as a Keras metric."""

from typing import Any

import keras
from keras import ops

from infnet_keras.errors import DataError
from infnet_keras.metrics.score_distribution import ScoreDistribution, running_sum


@keras.saving.register_keras_serializable(package="infnet_keras")
class ExpectedCalibrationError(ScoreDistribution):
    """Mean distance between predicted and observed share over bins of about equal count.

    The streaming form of `infnet_keras.metrics.expected_calibration_error`: its bins are cut at the
    probabilities' quantiles, read from the 2^16 fine bins of `ScoreDistribution`, whose lower edge
    stands for the probabilities in them. It is NaN until a label has been seen.

    Args:
        bins: at most so many bins of about equal count; fewer where probabilities repeat.
        name: of the metric.
        dtype: of state and results; half precision is raised to float32.

    Call:
        y_true: [...], 0, 1 or NaN; rows with NaN take no part.
        y_pred: as many probabilities.
        sample_weight: [...], not negative; None: all 1.

    Raises:
        DataError: fewer than one bin.

    Example:
        >>> metric = ExpectedCalibrationError(bins=2)
        >>> metric.update_state([1, 0, 1, 1], [0.25, 0.25, 0.75, 0.75])
        >>> float(metric.result())
        0.25
    """

    def __init__(
        self, bins: int = 20, name: str = "expected_calibration_error", dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if bins < 1:
            raise DataError(f"at least one bin is needed, not {bins}")
        self.bins = bins

    def result(self) -> Any:
        """Sum over bins of (share of rows) * |mean probability - share of positives|."""
        edges, negatives, positives = self.distribution()
        rows = negatives + positives
        every = ops.sum(rows)
        before = (running_sum(rows) - rows) / every
        # A quantile closes its bin. The margin is more than what rounding takes from `before`.
        code = ops.cast(ops.floor(before * self.bins + 1e-4), "int32")
        predicted = ops.where(ops.greater(rows, 0.0), edges, 0.0) * rows
        # (share of rows) * |difference of the means| is |difference of the sums| / all rows.
        difference = ops.segment_sum(
            predicted - positives, ops.clip(code, 0, self.bins - 1), num_segments=self.bins
        )
        return ops.sum(ops.abs(difference)) / every

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bins": self.bins}
