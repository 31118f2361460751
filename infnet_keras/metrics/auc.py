"""Area under the ROC curve, exact."""

import math

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.metrics.labelled_rows import Floats, labelled_rows


def auc(
    labels: npt.ArrayLike, scores: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> float:
    """Probability that a random positive outscores a random negative, a tie counting half.

    Args:
        labels: [rows], 0, 1 or NaN; rows with NaN are dropped.
        scores: [rows], finite; only their order matters.
        weights: [rows], not negative; a row of weight 2 counts like two rows. None: all 1.

    Returns:
        The area, in [0, 1]; NaN where a class is missing (or has no weight).

    Raises:
        DataError: lengths differ, a label is not 0, 1 or NaN, a score is not finite, or a weight
            is negative or not finite.

    Example:
        >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.75
    """
    if weights is None:
        positive, score_array, _ = labelled_rows(labels, scores)
        weight_array = np.ones(len(score_array))
    else:
        positive, score_array, (given,) = labelled_rows(labels, scores, weights)
        weight_array = given.astype(np.float64)
        if not (np.isfinite(weight_array) & (weight_array >= 0)).all():
            raise DataError("weights of rows are finite and not negative")
    ranking = ScoreRanking(positive, score_array)
    return ranking.auc(weight_array[ranking.positives], weight_array[ranking.negatives])


class ScoreRanking:
    """Rows ranked by score once; the AUC under any weights then costs a few passes.

    Args:
        positive: [rows], whether the label is 1.
        scores: [rows], finite.

    Attributes:
        positives: int [positive rows], which rows are positive.
        negatives: int [negative rows], which rows are not, by ascending score.
    """

    def __init__(self, positive: npt.NDArray[np.bool_], scores: Floats) -> None:
        self.positives = np.flatnonzero(positive)
        negatives = np.flatnonzero(~positive)
        self.negatives = negatives[np.argsort(scores[negatives], kind="stable")]
        ascending, thresholds = scores[self.negatives], scores[self.positives]
        self._beaten = np.searchsorted(ascending, thresholds, side="left")
        self._beaten_or_tied = np.searchsorted(ascending, thresholds, side="right")

    def auc(self, positive_weights: Floats, negative_weights: Floats) -> float:
        """The area under weights of the rows `positives` and `negatives`, in their order.

        Returns:
            NaN where a class has no weight.
        """
        below = np.concatenate([[0.0], np.cumsum(negative_weights)])
        pairs = positive_weights.sum() * below[-1]
        if pairs == 0.0:
            return math.nan
        won = below[self._beaten] + below[self._beaten_or_tied]
        return float(np.dot(positive_weights, won) / (2 * pairs))
