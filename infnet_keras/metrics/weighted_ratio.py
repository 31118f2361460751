"""Two weighted sums over the rows, one over the other."""

from typing import Any

import keras
from keras import ops

from infnet_keras.metrics.large_sums import added, total
from infnet_keras.metrics.metric_rows import metric_rows


class WeightedRatio(keras.metrics.Metric):
    """Base of the metrics that are a sum over rows divided by another one.

    Each sum is kept as two floats, so that it goes on counting beyond 2^24: see `large_sums`.

    Args:
        name: of the metric.
        dtype: of state and results; half precision is raised to float32.
    """

    def __init__(self, name: str, dtype: Any = None) -> None:
        policy = keras.dtype_policies.get(dtype or keras.config.floatx())
        super().__init__(
            name=name, dtype="float64" if policy.compute_dtype == "float64" else "float32"
        )
        # Numerator and denominator, high and low part of each.
        self.sums = self.add_variable((2, 2), "zeros", self.dtype, name="sums")

    def terms(self, labels: Any, predictions: Any) -> tuple[Any, Any]:
        """What a row adds to the numerator and to the denominator, each [rows]."""
        raise NotImplementedError(f"{type(self).__name__} must say what it sums: define `terms`")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add rows.

        Args:
            y_true: [...], 0, 1 or NaN; rows with NaN take no part.
            y_pred: as many probabilities. A NaN in a row with a label makes the result NaN.
            sample_weight: [...], not negative; a row of weight 2 counts like two rows.

        Raises:
            DataError: there are not as many labels as probabilities.
        """
        labels, predictions, weights = metric_rows(y_true, y_pred, sample_weight, self.dtype)
        terms = ops.stack(self.terms(labels, predictions))
        terms = ops.where(ops.equal(weights, 0.0), 0.0, terms * weights)
        self.sums.assign(added(ops.convert_to_tensor(self.sums), ops.sum(terms, axis=1)))

    def result(self) -> Any:
        """The ratio, a scalar; NaN while the denominator is 0."""
        sums = total(ops.convert_to_tensor(self.sums))
        return ops.where(ops.equal(sums[1], 0.0), float("nan"), sums[0] / sums[1])
