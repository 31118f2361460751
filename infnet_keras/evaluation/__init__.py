"""Predictions on a split, reports with confidence intervals, comparisons, attention and plots.

`attention` needs Keras and `plots` matplotlib: import them from their modules.
"""

from infnet_keras.evaluation.compare import compare_predictions
from infnet_keras.evaluation.predict import predict_split
from infnet_keras.evaluation.predict_dataset import predict_dataset
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.evaluation.report import evaluate_predictions
from infnet_keras.evaluation.table import comparison_table, report_table
from infnet_keras.evaluation.task_aucs import TaskAUCs, task_aucs

__all__ = [
    "Predictions",
    "TaskAUCs",
    "compare_predictions",
    "comparison_table",
    "evaluate_predictions",
    "predict_dataset",
    "predict_split",
    "report_table",
    "task_aucs",
]
