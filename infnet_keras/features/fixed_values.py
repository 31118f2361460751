"""What serving takes for the raw inputs that no request sends: `serve_as` of a field."""

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.request.tensor_spec import TensorSpec
from infnet_keras.request.to_array import to_array
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType

FixedValues = dict[str, npt.NDArray[Any]]


def fixed_values(spec: FeatureSpec, column_types: Mapping[str, ColumnType]) -> FixedValues:
    """The value of each raw input that serving fixes, read as a request's value would be.

    Args:
        spec: the feature spec.
        column_types: type of each raw column, as in `Assets`.

    Returns:
        Name of the raw input -> array [1] of int64, float32 or object (bytes).

    Raises:
        DataError: a column cannot hold its value.

    Example:
        >>> from infnet_keras.spec import load_spec, override_spec
        >>> spec = override_spec(load_spec("minimal"), {"fields.hour_band.serve_as": "evening"})
        >>> fixed_values(spec, {"hour_band": "string"})
        {'hour_band': array([b'evening'], dtype=object)}
    """
    found: FixedValues = {}
    for column, value in spec.served_values.items():
        dtype = column_types[column]
        given: Any = None if value == "" else value
        if dtype == "string" and isinstance(given, int):
            given = str(given)  # as preparation spells a whole number in a column of text
        try:
            found[column] = to_array(column, [given], TensorSpec(dtype, (None,)))
        except DataError as error:
            raise DataError(
                f"serve_as: {value!r} is no value of column {column!r}, which holds {dtype}"
            ) from error
    return found
