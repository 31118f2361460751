"""Losses of several tasks with missing labels."""

from infnet_keras.losses.masked_binary_crossentropy import MaskedBinaryCrossentropy
from infnet_keras.losses.masked_regression_loss import MaskedRegressionLoss
from infnet_keras.losses.task_losses import TASK_LOSSES
from infnet_keras.losses.task_uncertainty import TaskUncertainty

__all__ = ["TASK_LOSSES", "MaskedBinaryCrossentropy", "MaskedRegressionLoss", "TaskUncertainty"]
