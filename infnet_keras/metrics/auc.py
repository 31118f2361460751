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
    order = np.argsort(score_array, kind="stable")
    return sorted_auc(positive[order], weight_array[order], last_of_ties(score_array[order]))


def last_of_ties(sorted_scores: Floats) -> npt.NDArray[np.intp]:
    """Position of the last row of every run of equal scores, given scores in ascending order."""
    if not len(sorted_scores):
        return np.zeros(0, np.intp)
    return np.append(
        np.flatnonzero(sorted_scores[1:] != sorted_scores[:-1]), len(sorted_scores) - 1
    )


def sorted_auc(
    positive: npt.NDArray[np.bool_], weights: Floats, tie_ends: npt.NDArray[np.intp]
) -> float:
    """AUC of rows that are already in ascending order of score.

    Args:
        positive: [rows], whether the label is 1.
        weights: [rows].
        tie_ends: of `last_of_ties`.

    Returns:
        The area; NaN where a class has no weight.
    """
    if not len(weights):
        return math.nan
    positives = np.cumsum(np.where(positive, weights, 0.0))[tie_ends]
    negatives = np.cumsum(np.where(positive, 0.0, weights))[tie_ends]
    pairs = positives[-1] * negatives[-1]
    if pairs == 0.0:
        return math.nan
    # Trapezoids: a run's positives beat every earlier negative and half of their own run's.
    steps = np.diff(positives, prepend=0.0)
    heights = negatives - np.diff(negatives, prepend=0.0) / 2
    return float(np.dot(steps, heights) / pairs)
