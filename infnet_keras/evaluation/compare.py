"""Two models on the same impressions: is one better?"""

from collections.abc import Callable
from typing import Any

import numpy as np

from infnet_keras.errors import DataError
from infnet_keras.evaluation.bootstrap import interval, user_multiplicities
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.evaluation.report import mean_of, or_none, ranking_metric
from infnet_keras.evaluation.resampled import Resampled, resampled
from infnet_keras.metrics.labelled_rows import Floats

_METRICS: dict[str, Callable[[Resampled, Floats], float]] = {
    "auc": lambda task, multiplicity: task.auc(multiplicity),
    "gauc": lambda task, multiplicity: task.gauc(multiplicity),
}


def compare_predictions(
    first: Predictions, second: Predictions, bootstrap: int = 1000, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Difference second - first of AUC and gAUC, of regressions XAUC, with 95% intervals.

    The bootstrap is paired: both models meet the same resampled users, so what makes some users
    harder than others cancels, and a small difference can be told from none although the single
    intervals overlap. An interval that excludes 0 speaks for a real difference.

    Args:
        first: predictions of one model.
        second: predictions of the other, on the same impressions in the same order.
        bootstrap: number of resamples; 0 leaves the intervals out (null).
        seed: of the resamples.

    Returns:
        JSON data: task -> for metric in auc, gauc: `<metric>` [of first, of second],
        `<metric>_difference` and `<metric>_difference_ci95` [low, high]; of a regression the
        metrics are xauc and gxauc, see `evaluate_predictions`; and auc and gauc under "mean", for
        the mean over all tasks. What has no value is null.

    Raises:
        DataError: the two are not of the same tasks, users and labels, row by row.

    Reference:
        Efron and Tibshirani 1993, the percentile interval.
    """
    _same_rows(first, second)
    users, codes = np.unique(first.users, return_inverse=True)
    pairs = {
        task: tuple(resampled(one, task, codes, len(users)) for one in (first, second))
        for task in first.tasks
    }
    everybody = np.ones(len(users))
    # metric -> task -> difference, resample by resample; NaN where a task has no value.
    differences: dict[str, dict[str, list[float]]] = {
        metric: {task: [] for task in pairs} for metric in _METRICS
    }
    for multiplicity in user_multiplicities(len(users), bootstrap, seed):
        for metric, compute in _METRICS.items():
            for task, (one, other) in pairs.items():
                difference = compute(other, multiplicity) - compute(one, multiplicity)
                differences[metric][task].append(difference)
    comparison: dict[str, dict[str, Any]] = {task: {} for task in (*pairs, "mean")}
    for metric, compute in _METRICS.items():
        found = {t: [or_none(compute(one, everybody)) for one in pair] for t, pair in pairs.items()}
        for task, values in found.items():
            name = ranking_metric(metric, task in first.regressions)
            comparison[task] |= _entry(name, values, differences[metric][task])
        means = [mean_of([values[side] for values in found.values()]) for side in range(2)]
        # A resample counts where every task with a value in the whole has one in it.
        columns = [differences[metric][t] for t, values in found.items() if values[0] is not None]
        mean_differences = [sum(row) / len(row) for row in zip(*columns, strict=True)]
        comparison["mean"] |= _entry(metric, means, mean_differences)
    return comparison


def _entry(metric: str, values: list[float | None], resampled: list[float]) -> dict[str, Any]:
    one, other = values
    return {
        metric: values,
        f"{metric}_difference": None if one is None or other is None else other - one,
        f"{metric}_difference_ci95": interval(resampled),
    }


def _same_rows(first: Predictions, second: Predictions) -> None:
    advice = "compare predictions of the same split of the same prepared data"
    if first.tasks != second.tasks:
        raise DataError(
            f"the tasks differ ({', '.join(first.tasks)} and {', '.join(second.tasks)}): {advice}"
        )
    if first.regressions != second.regressions:
        raise DataError(f"a task is a regression in one of the two alone: {advice}")
    if not np.array_equal(first.users, second.users):
        raise DataError(
            f"the rows differ ({len(first.users)} and {len(second.users)} rows, or other users): "
            f"{advice}"
        )
    for task in first.tasks:
        if not np.array_equal(first.labels[task], second.labels[task], equal_nan=True):
            raise DataError(f"the labels of task {task!r} differ: {advice}")
