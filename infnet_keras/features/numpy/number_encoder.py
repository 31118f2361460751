"""Raw value -> standardised number, for local work: Arrow and NumPy."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import missing_as_null
from infnet_keras.features.number_spread import LARGEST, NumberSpread
from infnet_keras.features.numpy.encoder import comparable
from infnet_keras.features.transform_plan import Step
from infnet_keras.spec.numeric import Numeric

Numbers = npt.NDArray[np.float32]


class NumberEncoder:
    """The transform of one numeric field. `TensorFlowNumberEncoder` is the same in a SavedModel.

    Args:
        numeric: what the field says.
        spread: what was fitted for it.

    Example:
        >>> encoder = NumberEncoder(Numeric(), NumberSpread(10.0, 4.0))
        >>> encoder.encode(np.array([12.0, np.nan, np.inf])).tolist()
        [0.5, nan, 10.0]
    """

    def __init__(self, numeric: Numeric, spread: NumberSpread):
        self.numeric = numeric
        self.spread = spread

    def encode(
        self, values: pa.Array | pa.ChunkedArray | npt.NDArray[Any], column: str = "values"
    ) -> Numbers:
        """Standardised values.

        Args:
            values: [n] integers or floats.
            column: name of the raw column, for errors.

        Returns:
            float32 [n], NaN where missing; never further from 0 than `Numeric.clip`.

        Raises:
            DataError: the values are no numbers.
        """
        numbers = np.clip(transformed(self.numeric, values, column), -LARGEST, LARGEST)
        numbers = (numbers - self.spread.mean) * self.spread.scale
        return np.clip(numbers, -self.numeric.clip, self.numeric.clip).astype(np.float32)

    def encode_step(self, step: Step, values: pa.Array | npt.NDArray[Any]) -> Numbers:
        """The numbers of values [n] as a step of the plan asks: float32 [n]."""
        return self.encode(values, step.column)


def transformed(
    numeric: Numeric, values: pa.Array | pa.ChunkedArray | npt.NDArray[Any], column: str
) -> npt.NDArray[np.float64]:
    """What is standardised, float64 [n]: the numbers, or their logarithms; NaN where missing.

    Args:
        numeric: what the field says.
        values: [n] integers or floats.
        column: name of the raw column, for errors.

    Raises:
        DataError: the values are no numbers.

    Example:
        >>> transformed(Numeric(transform="log"), np.array([0.0, np.e - 1]), "price").round(6)
        array([0., 1.])
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    array = missing_as_null(values, column)
    if pa.types.is_null(array.type):
        return np.full(len(array), np.nan)
    if pa.types.is_integer(array.type):
        numbers = array.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)
    elif pa.types.is_floating(array.type):
        numbers = comparable(array.fill_null(0).to_numpy(zero_copy_only=False)).astype(np.float64)
    else:
        raise DataError(
            f"column {column!r} holds strings, but a numeric field takes numbers: declare types: "
            f"{{{column}: float32 or int64}}"
        )
    if numeric.transform == "log":
        numbers = np.sign(numbers) * np.log1p(np.abs(numbers))
    return np.where(array.is_valid().to_numpy(zero_copy_only=False), numbers, np.nan)
