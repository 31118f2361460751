"""Resampling users: how much a metric would move with other users of the same kind."""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from infnet_keras.metrics.auc import ScoreRanking
from infnet_keras.metrics.grouped_auc import auc_per_group
from infnet_keras.metrics.labelled_rows import Floats, labelled_rows


def user_multiplicities(users: int, resamples: int, seed: int) -> Iterator[Floats]:
    """How often each user is drawn, resample by resample: as many draws as users, with return.

    Impressions of one user are not independent, so users are drawn, never single impressions.

    Args:
        users: number of users.
        resamples: number of resamples.
        seed: equal seeds give equal resamples.

    Yields:
        float64 [users], whole numbers.
    """
    generator = np.random.default_rng(seed)
    for _ in range(resamples if users else 0):
        draws = generator.integers(0, users, users)
        yield np.bincount(draws, minlength=users).astype(np.float64)


def interval(values: list[float]) -> list[float] | None:
    """The central 95% of the resampled values; None where a metric had no value in any."""
    finite = [value for value in values if not math.isnan(value)]
    return np.quantile(finite, [0.025, 0.975]).tolist() if finite else None


class ResampledTask:
    """AUC and gAUC of one task under any multiplicities of users.

    Rows are sorted and users' own AUC computed once; a resample then costs a few passes.

    Args:
        labels: [rows], 0, 1 or NaN.
        probabilities: [rows].
        users: int [rows], the row's user, from 0 to the number of users - 1.
    """

    def __init__(
        self, labels: npt.ArrayLike, probabilities: npt.ArrayLike, users: npt.NDArray[np.int64]
    ) -> None:
        positive, scores, (user,) = labelled_rows(labels, probabilities, users)
        self._ranking = ScoreRanking(positive, scores)
        self._positive_users = user[self._ranking.positives]
        self._negative_users = user[self._ranking.negatives]
        per_user = auc_per_group(positive, scores, user)
        counted = ~np.isnan(per_user.auc)
        self._counted_users = per_user.groups[counted]
        self._user_auc = per_user.auc[counted]

    def auc(self, multiplicity: Floats) -> float:
        """AUC where each user's rows stand `multiplicity[user]` times."""
        return self._ranking.auc(
            multiplicity[self._positive_users], multiplicity[self._negative_users]
        )

    def gauc(self, multiplicity: Floats) -> float:
        """Mean of the users' AUC where each user stands `multiplicity[user]` times."""
        weights = multiplicity[self._counted_users]
        total = weights.sum()
        return float(np.dot(weights, self._user_auc) / total) if total else math.nan
