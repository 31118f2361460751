"""AUC, gAUC and log loss as TFMA metrics, of regressions XAUC, MAE and RMSE.

They are exact, by the definitions of infnet_keras.metrics.
"""

from collections.abc import Callable
from typing import Any

from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.proto import config_pb2

from infnet_keras.metrics import (
    auc,
    grouped_auc,
    grouped_xauc,
    log_loss,
    mean_absolute_error,
    root_mean_squared_error,
    xauc,
)
from tfx_pipeline.evaluation.labelled_scores import LabelledScores, labelled_scores


class _ExactMetric(metric_types.Metric):
    """A metric of the rows of a slice; TFMA gathers them once, for all of these.

    Args:
        query_key: the feature that holds the user's key.
        name: what the metric is called in the results.
        measure: the rows' value.
    """

    def __init__(self, query_key: str, name: str, measure: Callable[[LabelledScores], float]):
        def computations(
            eval_config: config_pb2.EvalConfig | None = None,
            model_name: str = "",
            output_name: str = "",
            example_weighted: bool = False,
        ) -> metric_types.MetricComputations:
            rows, gather = labelled_scores(
                query_key, eval_config, model_name, output_name, example_weighted
            )
            key = rows._replace(name=name)
            return [
                gather,
                metric_types.DerivedMetricComputation(
                    keys=[key], result=lambda metrics: {key: measure(metrics[rows])}
                ),
            ]

        super().__init__(metric_util.merge_per_key_computations(computations))
        self.name, self._query_key = name, query_key

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor."""
        return {"query_key": self._query_key, "name": self.name}


class ExactAUC(_ExactMetric):
    """Area under the ROC curve over all impressions of a slice.

    TFMA's own AUC sorts probabilities into 10,000 buckets of equal width, of which a rare task
    uses a handful; this one ranks the rows themselves.
    """

    def __init__(self, query_key: str, name: str = "auc"):
        super().__init__(query_key, name, lambda rows: auc(rows.labels, rows.scores))


class GroupedAUC(_ExactMetric):
    """gAUC: AUC within each user of a slice, every user that has both classes counted alike.

    `query_key` is an argument of the metric and not of TFMA's MetricsSpec. There TFMA first groups
    whole examples by user: it moves every feature, holds all of a user's examples at once, and a
    slice by a column of the impression then counts all impressions of each user that has one in
    it. Here only the user, the label and the score are kept, and a slice counts its own rows.
    """

    def __init__(self, query_key: str, name: str = "gauc"):
        super().__init__(
            query_key, name, lambda rows: grouped_auc(rows.labels, rows.scores, rows.users).value
        )


class LogLoss(_ExactMetric):
    """Mean cross-entropy of a slice; TFMA's is NaN where a probability is exactly 0 or 1."""

    def __init__(self, query_key: str, name: str = "log_loss"):
        super().__init__(query_key, name, lambda rows: log_loss(rows.labels, rows.scores))


class ExactXAUC(_ExactMetric):
    """Share of pairs of impressions of a slice that are in the right order."""

    def __init__(self, query_key: str, name: str = "xauc"):
        super().__init__(query_key, name, lambda rows: xauc(rows.labels, rows.scores))


class GroupedXAUC(_ExactMetric):
    """XAUC within each user of a slice, every user that has two labels counted alike."""

    def __init__(self, query_key: str, name: str = "gxauc"):
        super().__init__(
            query_key, name, lambda rows: grouped_xauc(rows.labels, rows.scores, rows.users).value
        )


class ExactMAE(_ExactMetric):
    """Mean absolute error of a slice, in the label's own unit."""

    def __init__(self, query_key: str, name: str = "mae"):
        super().__init__(
            query_key, name, lambda rows: mean_absolute_error(rows.labels, rows.scores)
        )


class ExactRMSE(_ExactMetric):
    """Root of the mean squared error of a slice, in the label's own unit."""

    def __init__(self, query_key: str, name: str = "rmse"):
        super().__init__(
            query_key, name, lambda rows: root_mean_squared_error(rows.labels, rows.scores)
        )


for _metric in (ExactAUC, GroupedAUC, LogLoss, ExactXAUC, GroupedXAUC, ExactMAE, ExactRMSE):
    metric_types.register_metric(_metric)
