"""What the runs of a study came to: means and deviations over seeds."""

import math
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

from infnet_keras.evaluation.report import ranking_metric
from infnet_keras.runs.run_files import RunFiles
from infnet_keras.study.rows import Variant
from infnet_keras.study.run_study import StudyRuns

METRICS = {
    "auc": "AUC",
    "gauc": "gAUC",
    "gauc_impression": "impression gAUC",
    "logloss": "log loss",
    "calibration": "calibration",
}
"""Of a binary task, as `evaluate_predictions` calls them, with their headings."""
REGRESSION_METRICS = {
    "xauc": "XAUC",
    "gxauc": "gXAUC",
    "gxauc_impression": "impression gXAUC",
    "mae": "MAE",
    "rmse": "RMSE",
    "calibration": "calibration",
}
"""Of a regression."""
MEAN_METRICS = {metric: METRICS[metric] for metric in ("auc", "gauc")}
"""Of the mean over the tasks; that of a regression is its XAUC."""


class Score(NamedTuple):
    """A metric over the seeds: mean and sample deviation, None where there is none."""

    mean: float | None
    deviation: float | None
    values: tuple[float | None, ...]


def score_of(values: Sequence[float | None]) -> Score:
    """Mean and deviation; one seed has no deviation, a missing value leaves no mean.

    Example:
        >>> score_of([1.0, 2.0, 3.0])
        Score(mean=2.0, deviation=1.0, values=(1.0, 2.0, 3.0))
    """
    known = [value for value in values if value is not None]
    if len(known) < len(values) or not known:
        return Score(None, None, tuple(values))
    deviation = statistics.stdev(known) if len(known) > 1 else None
    return Score(statistics.fmean(known), deviation, tuple(values))


class Results:
    """The finished part of a study.

    Args:
        runs: of the study.

    Attributes:
        rows: names of the rows of which every seed is scored.
        reference: the row that others are compared with; None where it is not among them.
    """

    def __init__(self, runs: StudyRuns) -> None:
        self.study = runs
        self.tasks = list(runs.study.spec.tasks)
        named = {name: Variant(name) for name in runs.names}
        self._runs = {
            name: runs.runs_of(variant)
            for name, variant in named.items()
            if runs.settings(name) is not None
        }
        self.rows = [name for name, found in self._runs.items() if _finished(found)]
        reference = runs.study.file.reference_row
        self.reference = reference if reference in self.rows else None

    def metrics(self, task: str) -> dict[str, str]:
        """What is measured of a task, or of "mean": name in the report -> heading."""
        if task == "mean":
            return MEAN_METRICS
        return METRICS if self._is_binary(task) else REGRESSION_METRICS

    def ranking(self, task: str, metric: str = "auc") -> str:
        """What the report calls `auc` or `gauc` of a task."""
        return ranking_metric(metric, task != "mean" and not self._is_binary(task))

    def _is_binary(self, task: str) -> bool:
        return self.study.study.spec.tasks[task].is_binary

    def runs(self, row: str) -> list[RunFiles]:
        """The runs of a row, in the order of the seeds."""
        return self._runs[row]

    def variant_runs(self, variant: Variant) -> list[RunFiles] | None:
        """The runs of a variant; None where one of them is not finished, or not asked for."""
        names = self.study.names
        if variant.row not in names or self.study.settings(variant.row) is None:
            return None
        found = self.study.runs_of(variant)
        return found if _finished(found) else None

    def score(self, runs: Sequence[RunFiles], task: str, metric: str) -> Score:
        """A metric of the test part, over the seeds; task "mean": of auc and gauc alone."""
        return score_of([self._result(run)["test"][task].get(metric) for run in runs])

    def fit(self, row: str, key: str) -> Score:
        """Something that `validation.json` says of the fits, such as seconds."""
        values = [self._result(run)["validation"].get(key) for run in self.runs(row)]
        return score_of([None if value is None else float(value) for value in values])

    def _result(self, run: RunFiles) -> dict[str, Any]:
        found = run.result
        assert found is not None
        return found


def standard_error(first: Score, second: Score) -> float | None:
    """Of a difference of two means over seeds; None where one has no deviation."""
    if first.deviation is None or second.deviation is None:
        return None
    return math.sqrt(
        first.deviation**2 / len(first.values) + second.deviation**2 / len(second.values)
    )


def _finished(runs: Sequence[RunFiles]) -> bool:
    return all(run.result is not None for run in runs)
