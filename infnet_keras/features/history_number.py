"""The number that a history_count or history_rate field stands for."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from infnet_keras.spec.derived.history import HistoryCount, HistoryRate


def history_number(
    derive: HistoryCount, count: Callable[[str], npt.NDArray[np.int64]]
) -> npt.NDArray[np.float32]:
    """The count itself, or (count + strength * prior) / (count of + strength).

    Args:
        derive: what the field says.
        count: how many events of a behaviour there are, int64 [n], by the behaviour's name.

    Returns:
        float32 [n]; NaN where a rate divides by zero.

    Example:
        >>> rate = HistoryRate(sequence="click", of="view", prior=0.5, strength=2.0)
        >>> counts = {"click": np.array([0, 3]), "view": np.array([0, 8])}
        >>> history_number(rate, counts.__getitem__).tolist()
        [0.5, 0.4000000059604645]
    """
    number = count(derive.sequence)
    if not isinstance(derive, HistoryRate):
        return number.astype(np.float32)
    of = count(derive.of)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = (number + derive.strength * derive.prior) / (of + derive.strength)
    return np.where(of + derive.strength > 0, rate, np.nan).astype(np.float32)
