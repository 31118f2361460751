"""Metrics of binary predictions and of regressions; rows whose label is NaN take no part.

Functions are exact, in NumPy, on all rows at once. Classes are Keras metrics of fixed state, for
`compile` and `fit`; they are imported on first use, so that the functions need no Keras.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from infnet_keras.metrics.auc import auc
from infnet_keras.metrics.calibration import (
    CalibrationBins,
    calibration,
    calibration_bins,
    expected_calibration_error,
)
from infnet_keras.metrics.grouped_auc import GroupedAUC, auc_per_group, grouped_auc
from infnet_keras.metrics.log_loss import log_loss
from infnet_keras.metrics.regression_errors import (
    NumberBins,
    mean_absolute_error,
    mean_calibration,
    number_bins,
    root_mean_squared_error,
)
from infnet_keras.metrics.xauc import grouped_xauc, xauc, xauc_per_group

if TYPE_CHECKING:
    from infnet_keras.metrics.auc_metric import AUC
    from infnet_keras.metrics.calibration_metric import Calibration
    from infnet_keras.metrics.expected_calibration_error_metric import ExpectedCalibrationError
    from infnet_keras.metrics.log_loss_metric import LogLoss

_KERAS_METRICS = {
    "AUC": "auc_metric",
    "Calibration": "calibration_metric",
    "ExpectedCalibrationError": "expected_calibration_error_metric",
    "LogLoss": "log_loss_metric",
}
__all__ = [
    "AUC",
    "Calibration",
    "CalibrationBins",
    "ExpectedCalibrationError",
    "GroupedAUC",
    "LogLoss",
    "NumberBins",
    "auc",
    "auc_per_group",
    "calibration",
    "calibration_bins",
    "expected_calibration_error",
    "grouped_auc",
    "grouped_xauc",
    "log_loss",
    "mean_absolute_error",
    "mean_calibration",
    "number_bins",
    "root_mean_squared_error",
    "xauc",
    "xauc_per_group",
]


def __getattr__(name: str) -> Any:
    if name not in _KERAS_METRICS:
        raise AttributeError(f"module 'infnet_keras.metrics' has no attribute {name!r}")
    return getattr(import_module(f"infnet_keras.metrics.{_KERAS_METRICS[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
