"""Exact metrics of binary predictions, in NumPy; rows whose label is NaN take no part."""

from infnet_keras.metrics.auc import auc
from infnet_keras.metrics.calibration import (
    CalibrationBins,
    calibration,
    calibration_bins,
    expected_calibration_error,
)
from infnet_keras.metrics.grouped_auc import GroupedAUC, auc_per_group, grouped_auc
from infnet_keras.metrics.log_loss import log_loss

__all__ = [
    "CalibrationBins",
    "GroupedAUC",
    "auc",
    "auc_per_group",
    "calibration",
    "calibration_bins",
    "expected_calibration_error",
    "grouped_auc",
    "log_loss",
]
