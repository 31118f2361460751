"""Each row against the reference: which differences are more than chance."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.evaluation.bootstrap import interval
from infnet_keras.runs.resample_run import METRICS, load_resamples
from infnet_keras.runs.run_files import RunFiles
from infnet_keras.study.results import Results, standard_error

LEVEL = 0.05
_SEEDS = 2.0  # standard errors over seeds that a difference must exceed


class Difference(NamedTuple):
    """A row less the reference, in one metric of one task.

    Attributes:
        value: difference of the means over seeds; None where a metric has no value.
        interval: of 95 %, under resamples of users.
        p: two-sided, of no difference for other users of the same kind.
        p_holm: the same, corrected for the number of rows.
        seeds_error: standard error of the difference over seeds; None with one seed.
        verdict: "better" or "worse" than the reference, or "same": see docs/study.md.
    """

    row: str
    task: str
    metric: str
    value: float | None
    interval: list[float] | None
    p: float | None
    p_holm: float | None
    seeds_error: float | None
    verdict: Literal["better", "worse", "same"]


def differences(results: Results, resamples: int) -> list[Difference]:
    """Every row but the reference, for every task and their mean, by AUC and gAUC.

    Of a regression they are XAUC and XAUC within users.

    The bootstrap is paired: all rows meet the same users in a resample, in which a row's metric is
    the mean over its seeds.

    Args:
        results: of the study, with the reference among its rows.
        resamples: of users, as the runs were resampled.

    Reference:
        Efron and Tibshirani 1993, percentile interval; Holm 1979, the correction.
    """
    assert results.reference is not None
    tasks = [*results.tasks, "mean"]
    resampled = {row: _over_seeds(results.runs(row), resamples) for row in results.rows}
    base = resampled[results.reference]
    others = [row for row in results.rows if row != results.reference]
    found = []
    for place, task in enumerate(tasks):
        for index, metric in enumerate(METRICS):
            ps = {row: p_value(_difference(resampled[row], base, place, index)) for row in others}
            corrected = holm(ps)
            for row in others:
                values = _difference(resampled[row], base, place, index).tolist()
                found.append(
                    _of(results, row, task, metric, interval(values), ps[row], corrected[row])
                )
    return found


def p_value(differences: npt.NDArray[np.float64]) -> float | None:
    """Two-sided p of no difference, from resampled differences; None where none has a value.

    Example:
        >>> p_value(np.array([0.1, 0.2, 0.3, 0.4]))
        0.4
    """
    known = differences[~np.isnan(differences)]
    if not len(known):
        return None
    below, above = int((known <= 0).sum()), int((known >= 0).sum())
    return min(1.0, 2.0 * (1 + min(below, above)) / (len(known) + 1))


def holm(ps: dict[str, float | None]) -> dict[str, float | None]:
    """Holm's correction: p of a family of tests, each p raised for those beside it.

    Example:
        >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
        {'a': 0.03, 'b': 0.06, 'c': 0.06}
    """
    known = sorted((p, name) for name, p in ps.items() if p is not None)
    found: dict[str, float | None] = dict.fromkeys(ps)
    most = 0.0
    for place, (p, name) in enumerate(known):
        most = max(most, min(1.0, p * (len(known) - place)))
        found[name] = most
    return found


def _over_seeds(runs: Sequence[RunFiles], resamples: int) -> npt.NDArray[np.float64]:
    """[resamples, tasks and their mean, metrics], the mean over the seeds."""
    by_task = np.mean([load_resamples(run, resamples) for run in runs], axis=0)
    valued = ~np.isnan(by_task).all(axis=0, keepdims=True)
    # The mean is over the tasks that have values at all: the same tasks for every row.
    total = np.where(valued, by_task, 0.0).sum(axis=1) / np.maximum(valued.sum(axis=1), 1)
    return np.concatenate([by_task, total[:, None]], axis=1)


def _difference(
    one: npt.NDArray[np.float64], base: npt.NDArray[np.float64], task: int, metric: int
) -> npt.NDArray[np.float64]:
    difference: npt.NDArray[np.float64] = one[:, task, metric] - base[:, task, metric]
    return difference


def _of(
    results: Results,
    row: str,
    task: str,
    metric: str,
    found: list[float] | None,
    p: float | None,
    p_holm: float | None,
) -> Difference:
    assert results.reference is not None
    name = results.ranking(task, metric)
    mine = results.score(results.runs(row), task, name)
    base = results.score(results.runs(results.reference), task, name)
    if mine.mean is None or base.mean is None:
        return Difference(row, task, metric, None, None, None, None, None, "same")
    value = mine.mean - base.mean
    error = standard_error(mine, base)
    verdict: Literal["better", "worse", "same"] = "same"
    if p_holm is not None and p_holm < LEVEL and abs(value) > _SEEDS * (error or 0.0):
        verdict = "better" if value > 0 else "worse"
    return Difference(row, task, metric, value, found, p, p_holm, error, verdict)
