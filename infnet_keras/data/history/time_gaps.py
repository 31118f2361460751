"""The time from the steps of histories to the impressions that see them."""

import numpy as np
import numpy.typing as npt

from infnet_keras.features.canonical import MISSING_INTEGER

Integers = npt.NDArray[np.int64]
_SECOND = 1000


def event_times(times: Integers, timed: npt.NDArray[np.bool_]) -> Integers:
    """The time of each event in milliseconds, `MISSING_INTEGER` of those without one."""
    return np.where(timed, times, MISSING_INTEGER)


def time_gaps(impressions: Integers, steps: Integers) -> Integers:
    """Whole seconds from steps to the impressions that see them, rounded down.

    Args:
        impressions: int64, their times in milliseconds, in a shape that the steps' takes.
        steps: int64, times as `event_times` gives them.

    Returns:
        int64 in the steps' shape, `MISSING_INTEGER` where a step has no time.

    Example:
        >>> time_gaps(np.array([5_000]), np.array([1_500, 4_999, MISSING_INTEGER])).tolist()
        [3, 0, -9223372036854775808]
    """
    known = steps != MISSING_INTEGER
    gaps = (impressions - np.where(known, steps, impressions)) // _SECOND
    return np.where(known, gaps, MISSING_INTEGER)
