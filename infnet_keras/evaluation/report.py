"""The report of a model on a split: every metric of every task."""

import math
from typing import Any

import numpy as np

from infnet_keras.evaluation.bootstrap import ResampledTask, interval, user_multiplicities
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.metrics import (
    auc,
    calibration,
    expected_calibration_error,
    grouped_auc,
    log_loss,
)


def evaluate_predictions(
    predictions: Predictions, bootstrap: int = 200, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Measure predictions, with 95% intervals from a bootstrap over users.

    Args:
        predictions: labels, probabilities and users of a split.
        bootstrap: number of resamples; 0 leaves the intervals out (null).
        seed: of the resamples; equal seeds give equal reports.

    Returns:
        JSON data: task ->

        - auc, auc_ci95 [low, high]
        - gauc (AUC per user, averaged over users), gauc_ci95, gauc_impression (the same, each user
          weighted by labelled impressions)
        - users (with both classes: gAUC's average is over them) and users_left_out (one class)
        - logloss (nats), calibration (predicted over observed positives), ece (expected
          calibration error over 20 bins of equal count)
        - impressions (with a label) and positives

        and under "mean" the plain mean of auc and gauc over the tasks that have one. A metric
        without a value, such as the AUC of a task without positives, is null.

    Raises:
        DataError: a probability is not a number in [0, 1].

    Example:
        >>> report = evaluate_predictions(predict_split(model, prepared, "test"))
        >>> low, high = report["click"]["auc_ci95"]
        >>> low <= report["click"]["auc"] <= high
        True

    Reference:
        arXiv 2508.11565 (AUC and gAUC); Efron and Tibshirani 1993, the percentile interval.
    """
    intervals = _intervals(predictions, bootstrap, seed)
    report: dict[str, dict[str, Any]] = {}
    for task in predictions.tasks:
        labels, probabilities = predictions.labels[task], predictions.probabilities[task]
        uniform = grouped_auc(labels, probabilities, predictions.users)
        impression = grouped_auc(labels, probabilities, predictions.users, "impression")
        report[task] = {
            "auc": or_none(auc(labels, probabilities)),
            "auc_ci95": intervals[task]["auc"],
            "gauc": or_none(uniform.value),
            "gauc_ci95": intervals[task]["gauc"],
            "gauc_impression": or_none(impression.value),
            "users": uniform.groups_counted,
            "users_left_out": uniform.groups_left_out,
            "logloss": or_none(log_loss(labels, probabilities)),
            "calibration": or_none(calibration(labels, probabilities)),
            "ece": or_none(expected_calibration_error(labels, probabilities)),
            "impressions": int(np.count_nonzero(~np.isnan(labels))),
            "positives": int(np.count_nonzero(labels == 1.0)),
        }
    report["mean"] = {
        metric: mean_of([report[task][metric] for task in predictions.tasks])
        for metric in ("auc", "gauc")
    }
    return report


def or_none(value: float) -> float | None:
    """JSON has no NaN: a metric without a value is null."""
    return None if math.isnan(value) else value


def mean_of(values: list[float | None]) -> float | None:
    """Mean of the values that are there; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _intervals(
    predictions: Predictions, resamples: int, seed: int
) -> dict[str, dict[str, list[float] | None]]:
    """Task -> metric -> [low, high]."""
    users, codes = np.unique(predictions.users, return_inverse=True)
    tasks = {
        task: ResampledTask(predictions.labels[task], predictions.probabilities[task], codes)
        for task in predictions.tasks
    }
    areas: dict[str, list[float]] = {task: [] for task in tasks}
    grouped: dict[str, list[float]] = {task: [] for task in tasks}
    for multiplicity in user_multiplicities(len(users), resamples, seed):
        for name, task in tasks.items():
            areas[name].append(task.auc(multiplicity))
            grouped[name].append(task.gauc(multiplicity))
    return {name: {"auc": interval(areas[name]), "gauc": interval(grouped[name])} for name in tasks}
