"""Whether probabilities are as large as they should be."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.metrics.equal_bins import equal_bins
from infnet_keras.metrics.labelled_rows import Floats, labelled_rows, probabilities_checked


class CalibrationBins(NamedTuple):
    """Rows of similar probability: mean probability, share of positives and rows, per bin."""

    predicted: Floats
    observed: Floats
    rows: npt.NDArray[np.int64]


def calibration(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> float:
    """Predicted over observed positives: 1 is calibrated, above 1 overestimates.

    Args:
        labels: [rows], 0, 1 or NaN; rows with NaN are dropped.
        probabilities: [rows], in [0, 1].

    Returns:
        Sum of the probabilities over the number of positives; NaN without a positive.

    Raises:
        DataError: lengths differ, a label is not 0, 1 or NaN, or a probability is outside [0, 1].

    Example:
        >>> calibration([1, 0, 0, 0], [0.5, 0.5, 0.25, 0.25])
        1.5
    """
    positive, scores, _ = labelled_rows(labels, probabilities)
    positives = np.count_nonzero(positive)
    return float(probabilities_checked(scores).sum() / positives) if positives else math.nan


def calibration_bins(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, bins: int = 20
) -> CalibrationBins:
    """Cut the rows by probability into bins of about equal count, ties kept together.

    Bins of equal width would hold nearly every row of a rare task in the first one; see
    `equal_bins`.

    Args:
        labels: [rows], 0, 1 or NaN; rows with NaN are dropped.
        probabilities: [rows], in [0, 1].
        bins: at most so many bins.

    Returns:
        The bins that hold rows, by ascending probability.

    Raises:
        DataError: as `calibration`, or fewer than one bin.
    """
    positive, scores, _ = labelled_rows(labels, probabilities)
    probabilities_checked(scores)
    return CalibrationBins(*equal_bins(positive, scores, bins))


def expected_calibration_error(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, bins: int = 20
) -> float:
    """Mean distance between predicted and observed share over bins of about equal count.

    Args:
        labels: [rows], 0, 1 or NaN; rows with NaN are dropped.
        probabilities: [rows], in [0, 1].
        bins: at most so many bins, cut by `calibration_bins`.

    Returns:
        Sum over bins of (share of rows) * |mean probability - share of positives|; NaN where there
        is no labelled row.

    Raises:
        DataError: as `calibration_bins`.

    Example:
        >>> expected_calibration_error([1, 0, 1, 1], [0.25, 0.25, 0.75, 0.75], bins=2)
        0.25
    """
    cut = calibration_bins(labels, probabilities, bins)
    if not len(cut.rows):
        return math.nan
    return float(np.average(np.abs(cut.predicted - cut.observed), weights=cut.rows))
