"""The rows that a metric of a regression counts."""

from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.metrics.labelled_rows import Floats, finite_scores, known_rows


def labelled_numbers(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, *others: npt.ArrayLike
) -> tuple[Floats, Floats, list[npt.NDArray[Any]]]:
    """Drop the rows whose label is NaN and check the rest.

    Args:
        labels: [rows], any finite numbers, or NaN.
        predictions: [rows], any finite numbers.
        *others: further arrays [rows] to cut alike (weights, groups).

    Returns:
        Labels and predictions as float64 and the list of the other arrays, each [labelled rows].

    Raises:
        DataError: lengths differ, a label is infinite, or the prediction of a labelled row is not
            finite.

    Example:
        >>> labelled_numbers([90.0, float("nan"), -3.0], [80.0, 1.0, 0.0])[0].tolist()
        [90.0, -3.0]
    """
    numbers, arrays = known_rows(labels, predictions, *others)
    if np.isinf(numbers).any():
        raise DataError("the label of a regression is finite, or NaN where it is missing")
    return numbers, finite_scores(arrays[0]), arrays[1:]


def weights_checked(weights: npt.NDArray[Any]) -> Floats:
    """Weights of rows as float64.

    Raises:
        DataError: one is negative or not finite.
    """
    found = weights.astype(np.float64)
    if not (np.isfinite(found) & (found >= 0)).all():
        raise DataError("weights of rows are finite and not negative")
    return found
