"""Mean negative log likelihood of binary labels."""

import math

import numpy as np
import numpy.typing as npt

from infnet_keras.metrics.labelled_rows import labelled_rows, probabilities_checked


def log_loss(labels: npt.ArrayLike, probabilities: npt.ArrayLike, epsilon: float = 1e-7) -> float:
    """Mean binary cross-entropy in nats, computed in float64.

    Args:
        labels: [rows], 0, 1 or NaN; rows with NaN are dropped.
        probabilities: [rows], in [0, 1].
        epsilon: probabilities are clipped to [epsilon, 1 - epsilon], as in the training loss.

    Returns:
        The mean over labelled rows; NaN where there is none.

    Raises:
        DataError: lengths differ, a label is not 0, 1 or NaN, or a probability is outside [0, 1].

    Example:
        >>> log_loss([1, 0], [0.5, 0.5])
        0.6931...
    """
    positive, scores, _ = labelled_rows(labels, probabilities)
    if not len(scores):
        return math.nan
    clipped = np.clip(probabilities_checked(scores), epsilon, 1.0 - epsilon)
    return float(-np.mean(np.where(positive, np.log(clipped), np.log1p(-clipped))))
