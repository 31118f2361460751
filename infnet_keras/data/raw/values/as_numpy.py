"""Columns as conditions take them."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


def as_numpy(values: pa.Array) -> npt.NDArray[np.generic]:
    """Integers (masked where one is missing), floats with NaN, or strings (object) with None.

    Args:
        values: int64, float32, float64 or string.

    Example:
        >>> as_numpy(pa.array([2**62 + 1, None])).tolist()
        [4611686018427387905, None]
    """
    if pa.types.is_integer(values.type) and values.null_count:
        missing = values.is_null().to_numpy(zero_copy_only=False)
        return np.ma.MaskedArray(pc.fill_null(values, 0).to_numpy(), missing)
    return np.asarray(values.to_numpy(zero_copy_only=False))
