"""The metrics of one regression with other users."""

import math

import numpy as np
import numpy.typing as npt

from infnet_keras.metrics.labelled_numbers import labelled_numbers
from infnet_keras.metrics.labelled_rows import Floats
from infnet_keras.metrics.pair_ranking import PairRanking, share_of
from infnet_keras.metrics.xauc import xauc_per_group


class ResampledRegression:
    """XAUC, XAUC within users, MAE and RMSE of one regression under any multiplicities of users.

    Rows are ordered once and what follows from a user alone is computed once. A resample then
    costs log2(rows) passes for XAUC: a second for a million rows.

    Args:
        labels: [rows], finite, or NaN.
        predictions: [rows].
        users: int [rows], the row's user, from 0.
        user_count: number of users.
        reused: whether there will be resamples: what XAUC orders is kept then.
    """

    def __init__(
        self,
        labels: npt.ArrayLike,
        predictions: npt.ArrayLike,
        users: npt.NDArray[np.int64],
        user_count: int,
        reused: bool = True,
    ) -> None:
        numbers, answers, (self._users,) = labelled_numbers(labels, predictions, users)
        self._ranking = PairRanking(numbers, answers, reused=reused)
        per_user = xauc_per_group(numbers, answers, self._users)
        counted = ~np.isnan(per_user.auc)
        self._counted_users = per_user.groups[counted]
        self._user_xauc = per_user.auc[counted]
        errors = np.abs(answers - numbers)
        self._rows = np.bincount(self._users, minlength=user_count).astype(np.float64)
        self._absolute = np.bincount(self._users, errors, minlength=user_count)
        self._squared = np.bincount(self._users, errors**2, minlength=user_count)

    def auc(self, multiplicity: Floats) -> float:
        """XAUC where each user's rows stand `multiplicity[user]` times."""
        won, pairs = self._ranking.shares(multiplicity[self._users])
        return share_of(won.sum(), pairs.sum())

    def gauc(self, multiplicity: Floats) -> float:
        """Mean of the users' XAUC where each user stands `multiplicity[user]` times."""
        weights = multiplicity[self._counted_users]
        return share_of(float(np.dot(weights, self._user_xauc)), weights.sum())

    def mae(self, multiplicity: Floats) -> float:
        """Mean absolute error where each user's rows stand so many times."""
        return share_of(np.dot(multiplicity, self._absolute), np.dot(multiplicity, self._rows))

    def rmse(self, multiplicity: Floats) -> float:
        """Root of the mean squared error where each user's rows stand so many times."""
        squared = share_of(np.dot(multiplicity, self._squared), np.dot(multiplicity, self._rows))
        return math.sqrt(squared)
