"""The report of a model on a split: every metric of every task."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.evaluation.bootstrap import interval, user_multiplicities
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.evaluation.resampled import Resampled, resampled
from infnet_keras.evaluation.resampled_regression import ResampledRegression
from infnet_keras.metrics import (
    auc,
    calibration,
    expected_calibration_error,
    grouped_auc,
    grouped_xauc,
    log_loss,
    mean_absolute_error,
    mean_calibration,
    number_bins,
    root_mean_squared_error,
    xauc,
)

_Intervals = dict[str, list[float] | None]


def evaluate_predictions(
    predictions: Predictions, bootstrap: int = 200, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Measure predictions, with 95% intervals from a bootstrap over users.

    Args:
        predictions: labels, answers and users of a split.
        bootstrap: number of resamples; 0 leaves the intervals out (null).
        seed: of the resamples; equal seeds give equal reports.

    Returns:
        JSON data: task, of a binary one ->

        - auc, auc_ci95 [low, high]
        - gauc (AUC per user, averaged over users), gauc_ci95, gauc_impression (the same, each user
          weighted by labelled impressions)
        - users (with both classes: gAUC's average is over them) and users_left_out (one class)
        - logloss (nats), calibration (predicted over observed positives), ece (expected
          calibration error over 20 bins of equal count)
        - impressions (with a label) and positives

        of a regression ->

        - xauc (share of pairs in the right order), xauc_ci95; gxauc (within users, averaged over
          them), gxauc_ci95, gxauc_impression; users (with two different labels), users_left_out
        - mae, rmse and their intervals, in the label's own unit
        - calibration (mean prediction over mean label) and calibration_deciles: by ascending
          prediction, tenths of the rows as {predicted, observed, calibration, impressions}
        - impressions (with a label) and mean_label

        and under "mean" the plain mean of auc and gauc over the tasks that have one, a regression's
        being xauc and gxauc. A metric without a value, such as the AUC of a task without positives,
        is null.

    Raises:
        DataError: a probability is not a number in [0, 1], or a regression's answer not finite.

    Example:
        >>> report = evaluate_predictions(predict_split(model, prepared, "test"))
        >>> low, high = report["click"]["auc_ci95"]
        >>> low <= report["click"]["auc"] <= high
        True

    Reference:
        arXiv 2508.11565 (AUC and gAUC); arXiv 2206.06003 (XAUC); Efron and Tibshirani 1993, the
        percentile interval.
    """
    intervals = _intervals(predictions, bootstrap, seed)
    report: dict[str, dict[str, Any]] = {}
    ranks: dict[str, list[float | None]] = {"auc": [], "gauc": []}
    for task in predictions.tasks:
        labels, answers = predictions.labels[task], predictions.probabilities[task]
        is_number = task in predictions.regressions
        measure = _regression if is_number else _binary
        report[task] = measure(labels, answers, predictions.users, intervals[task])
        for metric, values in ranks.items():
            values.append(report[task][ranking_metric(metric, is_number)])
    report["mean"] = {metric: mean_of(values) for metric, values in ranks.items()}
    return report


def ranking_metric(metric: str, is_number: bool) -> str:
    """What reports call `auc` or `gauc` of a task: XAUC is what AUC is of labels 0 and 1.

    Example:
        >>> ranking_metric("gauc", is_number=True)
        'gxauc'
    """
    return metric.replace("auc", "xauc") if is_number else metric


def or_none(value: float) -> float | None:
    """JSON has no NaN: a metric without a value is null."""
    return None if math.isnan(value) else value


def mean_of(values: list[float | None]) -> float | None:
    """Mean of the values that are there; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _ranking(
    labels: npt.NDArray[np.float32],
    answers: npt.NDArray[np.float32],
    users: npt.NDArray[np.int64],
    intervals: _Intervals,
    is_number: bool,
) -> dict[str, Any]:
    whole, grouped = (xauc, grouped_xauc) if is_number else (auc, grouped_auc)
    uniform = grouped(labels, answers, users)
    found = {
        "auc": or_none(whole(labels, answers)),
        "auc_ci95": intervals["auc"],
        "gauc": or_none(uniform.value),
        "gauc_ci95": intervals["gauc"],
        "gauc_impression": or_none(grouped(labels, answers, users, "impression").value),
    }
    return {
        **{ranking_metric(metric, is_number): value for metric, value in found.items()},
        "users": uniform.groups_counted,
        "users_left_out": uniform.groups_left_out,
    }


def _binary(
    labels: npt.NDArray[np.float32],
    probabilities: npt.NDArray[np.float32],
    users: npt.NDArray[np.int64],
    intervals: _Intervals,
) -> dict[str, Any]:
    return {
        **_ranking(labels, probabilities, users, intervals, is_number=False),
        "logloss": or_none(log_loss(labels, probabilities)),
        "calibration": or_none(calibration(labels, probabilities)),
        "ece": or_none(expected_calibration_error(labels, probabilities)),
        "impressions": int(np.count_nonzero(~np.isnan(labels))),
        "positives": int(np.count_nonzero(labels == 1.0)),
    }


def _regression(
    labels: npt.NDArray[np.float32],
    answers: npt.NDArray[np.float32],
    users: npt.NDArray[np.int64],
    intervals: _Intervals,
) -> dict[str, Any]:
    known = labels[~np.isnan(labels)]
    deciles = number_bins(labels, answers)
    columns = (deciles.predicted, deciles.observed, deciles.calibration, deciles.rows)
    return {
        **_ranking(labels, answers, users, intervals, is_number=True),
        "mae": or_none(mean_absolute_error(labels, answers)),
        "mae_ci95": intervals["mae"],
        "rmse": or_none(root_mean_squared_error(labels, answers)),
        "rmse_ci95": intervals["rmse"],
        "calibration": or_none(mean_calibration(labels, answers)),
        "calibration_deciles": [
            {
                "predicted": predicted,
                "observed": observed,
                "calibration": or_none(ratio),
                "impressions": rows,
            }
            for predicted, observed, ratio, rows in zip(
                *map(np.ndarray.tolist, columns), strict=True
            )
        ],
        "impressions": len(known),
        "mean_label": float(known.mean(dtype=np.float64)) if len(known) else None,
    }


def _intervals(predictions: Predictions, resamples: int, seed: int) -> dict[str, _Intervals]:
    """Task -> metric -> [low, high]."""
    users, codes = np.unique(predictions.users, return_inverse=True)
    if not resamples:
        return {t: dict.fromkeys(("auc", "gauc", "mae", "rmse")) for t in predictions.tasks}
    tasks = {task: resampled(predictions, task, codes, len(users)) for task in predictions.tasks}
    found: dict[str, dict[str, list[float]]] = {
        name: {metric: [] for metric in _metrics(task)} for name, task in tasks.items()
    }
    for multiplicity in user_multiplicities(len(users), resamples, seed):
        for name, task in tasks.items():
            for metric, values in found[name].items():
                values.append(getattr(task, metric)(multiplicity))
    return {
        name: {metric: interval(values) for metric, values in metrics.items()}
        for name, metrics in found.items()
    }


def _metrics(task: Resampled) -> tuple[str, ...]:
    is_number = isinstance(task, ResampledRegression)
    return ("auc", "gauc", "mae", "rmse") if is_number else ("auc", "gauc")
