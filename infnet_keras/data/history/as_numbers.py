"""Values of a column as numbers, whatever their type."""

from typing import Any

import numpy as np
import numpy.typing as npt


def as_numbers(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Numbers, also those that stand as text.

    Args:
        values: [rows], as `ColumnValues.arrays` gives them.

    Returns:
        float64 [rows]; NaN where a value is missing or no number.

    Example:
        >>> as_numbers(np.array(["1.5", "many", "1_0", None], object)).tolist()
        [1.5, nan, nan, nan]
    """
    if values.dtype.kind == "O":
        return np.array([_number(value) for value in values], np.float64)
    return np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)


def _number(value: Any) -> float:
    # Python also reads 1_0 and the digits of other scripts.
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        return float("nan")
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
