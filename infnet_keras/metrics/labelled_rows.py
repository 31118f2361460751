"""The rows that a metric counts."""

from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError

Floats = npt.NDArray[np.float64]


def labelled_rows(
    labels: npt.ArrayLike, scores: npt.ArrayLike, *others: npt.ArrayLike
) -> tuple[npt.NDArray[np.bool_], Floats, list[npt.NDArray[Any]]]:
    """Drop the rows whose label is NaN and check the rest.

    Args:
        labels: [rows], 0, 1 or NaN.
        scores: [rows], any finite numbers.
        *others: further arrays [rows] to cut alike (weights, groups).

    Returns:
        Labels as booleans, scores as float64 and the list of the other arrays, each [labelled
        rows].

    Raises:
        DataError: lengths differ, a label is neither 0 nor 1 nor NaN, or the score of a labelled
            row is not finite.
    """
    label_array, arrays = known_rows(labels, scores, *others)
    positive = label_array == 1.0
    if not (positive | (label_array == 0.0)).all():
        strange = label_array[~(positive | (label_array == 0.0))][0]
        raise DataError(f"a label is 0, 1 or NaN where it is missing, found {strange}")
    return positive, finite_scores(arrays[0]), arrays[1:]


def known_rows(
    labels: npt.ArrayLike, scores: npt.ArrayLike, *others: npt.ArrayLike
) -> tuple[Floats, list[npt.NDArray[Any]]]:
    """Labels as float64, and scores as float64 and the other arrays, of rows that have a label.

    Raises:
        DataError: lengths differ.
    """
    label_array = np.asarray(labels, np.float64)
    arrays = [np.asarray(scores, np.float64), *map(np.asarray, others)]
    shapes = [array.shape for array in (label_array, *arrays)]
    if label_array.ndim != 1 or len(set(shapes)) > 1:
        raise DataError(f"a metric takes arrays [rows] of one length, found shapes {shapes}")
    kept = ~np.isnan(label_array)
    if not kept.all():
        label_array, arrays = label_array[kept], [array[kept] for array in arrays]
    return label_array, arrays


def finite_scores(scores: npt.NDArray[Any]) -> Floats:
    """The same array, once every value is known to be finite.

    Raises:
        DataError: one is not.
    """
    infinite = np.count_nonzero(~np.isfinite(scores))
    if infinite:
        raise DataError(
            f"{infinite} of {len(scores)} scores are not finite numbers: the model has "
            "diverged (lower learning_rate, set clip_norm) or its inputs hold NaN"
        )
    return scores


def probabilities_checked(probabilities: Floats) -> Floats:
    """The same array, once every value is known to lie in [0, 1].

    Raises:
        DataError: a value lies outside.
    """
    if probabilities.size and not (0.0 <= probabilities.min() <= probabilities.max() <= 1.0):
        raise DataError(
            f"probabilities lie in [0, 1], found {probabilities.min()} to {probabilities.max()}: "
            "these look like logits"
        )
    return probabilities
