"""Which JSON numbers a float or a double holds without loss."""

import math

import numpy as np
from tensorflow.core.framework import types_pb2

from serving.rest.json_document import quote_value
from serving.saved_model.data_types import data_type_name
from serving.status import StatusError, invalid_argument

LARGEST = {
    types_pb2.DT_FLOAT: float(np.finfo(np.float32).max),
    types_pb2.DT_DOUBLE: float(np.finfo(np.float64).max),
}
LARGEST_INTEGER = {types_pb2.DT_FLOAT: 2**24 - 1, types_pb2.DT_DOUBLE: 2**53 - 1}
LOWEST_INT64 = -(2**63)


def is_lossless(number: float, data_type: int) -> bool:
    """Whether TensorFlow Serving takes a JSON number for a floating-point tensor.

    Args:
        number: as parsed: an integer must be exact, anything else within the type's range.
        data_type: `DT_FLOAT` or `DT_DOUBLE`.

    Example:
        >>> is_lossless(16777217, types_pb2.DT_FLOAT), is_lossless(0.1, types_pb2.DT_FLOAT)
        (False, True)

    Source:
        IsLosslessDecimal of TensorFlow Serving's util/json_tensor.cc.
    """
    if isinstance(number, int):
        # The lowest int64 has no absolute value in C++: std::abs gives back itself, below 0.
        return abs(number) <= LARGEST_INTEGER[data_type] or number == LOWEST_INT64
    return not math.isfinite(number) or abs(number) <= LARGEST[data_type]


def lossy_decimal_error(number: float, data_type: int) -> StatusError:
    """The error for a number that is not lossless."""
    return invalid_argument(
        f"Cannot convert JSON value: {quote_value(number)} to {data_type_name(data_type)} "
        "without loss of precision."
    )
