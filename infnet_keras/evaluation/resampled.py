"""What measures a task of either kind with other users."""

import numpy as np
import numpy.typing as npt

from infnet_keras.evaluation.bootstrap import ResampledTask
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.evaluation.resampled_regression import ResampledRegression

Resampled = ResampledTask | ResampledRegression


def resampled(
    predictions: Predictions, task: str, users: npt.NDArray[np.int64], user_count: int
) -> Resampled:
    """The metrics of one task under any multiplicities of users.

    Args:
        predictions: of a split.
        task: one of their tasks.
        users: int [rows], the row's user, from 0.
        user_count: number of users.
    """
    labels, answers = predictions.labels[task], predictions.probabilities[task]
    if task in predictions.regressions:
        return ResampledRegression(labels, answers, users, user_count)
    return ResampledTask(labels, answers, users)
