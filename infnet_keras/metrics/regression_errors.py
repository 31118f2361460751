"""How far predictions of a number are from it."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.metrics.equal_bins import equal_bins
from infnet_keras.metrics.labelled_numbers import labelled_numbers, weights_checked
from infnet_keras.metrics.labelled_rows import Floats


class NumberBins(NamedTuple):
    """Rows of similar prediction: mean prediction, mean label and rows, per bin."""

    predicted: Floats
    observed: Floats
    rows: npt.NDArray[np.int64]

    @property
    def calibration(self) -> Floats:
        """Mean prediction over mean label, per bin; NaN where the mean label is 0."""
        ratios = np.full(len(self.rows), math.nan)
        np.divide(self.predicted, self.observed, out=ratios, where=self.observed != 0)
        return ratios


def mean_absolute_error(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> float:
    """MAE, in the label's own unit.

    Args:
        labels: [rows], any finite numbers, or NaN; rows with NaN are dropped.
        predictions: [rows], finite.
        weights: [rows], not negative; None: all 1.

    Returns:
        The mean of |prediction - label|; NaN where no row has a label (or weight).

    Raises:
        DataError: lengths differ, a label is infinite, a prediction is not finite, or a weight is
            negative or not finite.

    Example:
        >>> mean_absolute_error([10.0, float("nan"), 20.0], [12.0, 0.0, 16.0])
        3.0
    """
    errors, found = _errors(labels, predictions, weights)
    return float(np.average(np.abs(errors), weights=found)) if found.sum() else math.nan


def root_mean_squared_error(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> float:
    """RMSE, in the label's own unit; arguments and errors are those of `mean_absolute_error`.

    Example:
        >>> root_mean_squared_error([0.0, 0.0], [3.0, -3.0])
        3.0
    """
    errors, found = _errors(labels, predictions, weights)
    return math.sqrt(np.average(errors**2, weights=found)) if found.sum() else math.nan


def mean_calibration(labels: npt.ArrayLike, predictions: npt.ArrayLike) -> float:
    """Mean prediction over mean label: above 1 overestimates; NaN where the mean label is 0.

    Args:
        labels: [rows], any finite numbers, or NaN; rows with NaN are dropped.
        predictions: [rows], finite.

    Raises:
        DataError: as `mean_absolute_error`.

    Example:
        >>> mean_calibration([10.0, 30.0], [20.0, 30.0])
        1.25
    """
    numbers, answers, _ = labelled_numbers(labels, predictions)
    total = numbers.sum()
    return float(answers.sum() / total) if total else math.nan


def number_bins(labels: npt.ArrayLike, predictions: npt.ArrayLike, bins: int = 10) -> NumberBins:
    """Cut the rows by prediction into bins of about equal count, by default deciles.

    Equal predictions never fall into two bins, so there are fewer where predictions repeat; see
    `equal_bins`.

    Args:
        labels: [rows], any finite numbers, or NaN; rows with NaN are dropped.
        predictions: [rows], finite.
        bins: at most so many bins.

    Returns:
        The bins that hold rows, by ascending prediction.

    Raises:
        DataError: as `mean_absolute_error`, or fewer than one bin.

    Example:
        >>> number_bins([10.0, 20.0, 60.0, 60.0], [15.0, 15.0, 50.0, 100.0], bins=2).calibration
        array([1.  , 1.25])
    """
    numbers, answers, _ = labelled_numbers(labels, predictions)
    return NumberBins(*equal_bins(numbers, answers, bins))


def _errors(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, weights: npt.ArrayLike | None
) -> tuple[Floats, Floats]:
    given = () if weights is None else (weights,)
    numbers, answers, others = labelled_numbers(labels, predictions, *given)
    return answers - numbers, weights_checked(others[0]) if others else np.ones(len(numbers))
