"""Rows cut by their prediction."""

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.metrics.labelled_rows import Floats


def equal_bins(
    labels: npt.NDArray[np.generic], predictions: Floats, bins: int
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Mean prediction, mean label and rows of bins of about equal count, by ascending prediction.

    The edges are the predictions' quantiles: equal predictions never fall into two bins, and there
    are fewer bins where predictions repeat. Bins without rows are left out.

    Args:
        labels: [rows], numbers or bool.
        predictions: [rows], finite.
        bins: at most so many bins.

    Raises:
        DataError: fewer than one bin.

    Example:
        >>> equal_bins(np.array([1, 0, 1, 1]), np.array([0.1, 0.1, 0.7, 0.9]), bins=2)
        (array([0.1, 0.8]), array([0.5, 1. ]), array([2, 2]))
    """
    if bins < 1:
        raise DataError(f"at least one bin is needed, not {bins}")
    if not len(predictions):
        return np.zeros(0), np.zeros(0), np.zeros(0, np.int64)
    inner = np.arange(1, bins) / bins
    edges = np.unique(np.quantile(predictions, inner, method="inverted_cdf"))
    codes = np.searchsorted(edges, predictions, side="left")  # an edge closes its bin
    rows = np.bincount(codes, minlength=len(edges) + 1)
    held = rows > 0
    predicted = np.bincount(codes, predictions, minlength=len(rows))[held] / rows[held]
    observed = np.bincount(codes, labels, minlength=len(rows))[held] / rows[held]
    return predicted, observed, rows[held].astype(np.int64)
