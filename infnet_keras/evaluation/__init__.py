"""Predictions on a split, reports with confidence intervals, comparisons, attention and plots.

`attention` and `collapse` need Keras and `plots` matplotlib: import them from their modules.
"""

from infnet_keras.evaluation.compare import compare_predictions
from infnet_keras.evaluation.predict import predict_split
from infnet_keras.evaluation.predict_dataset import predict_dataset
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.evaluation.report import evaluate_predictions
from infnet_keras.evaluation.sample import sample_inputs
from infnet_keras.evaluation.table import collapse_table, comparison_table, report_table
from infnet_keras.evaluation.task_aucs import TaskAUCs, task_aucs

__all__ = [
    "Predictions",
    "TaskAUCs",
    "collapse_table",
    "compare_predictions",
    "comparison_table",
    "evaluate_predictions",
    "predict_dataset",
    "predict_split",
    "report_table",
    "sample_inputs",
    "task_aucs",
]
