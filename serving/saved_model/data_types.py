"""Data types of the wire as TensorFlow's C++ spells them and as NumPy holds them."""

from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

_CPP_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


@cache
def data_type_name(data_type: int) -> str:
    """The name that TensorFlow's C++ prints for a DataType.

    Args:
        data_type: value of the DataType enumeration, such as `DT_FLOAT`.

    Returns:
        "float", "double", "int64", "string", ...; the bare number if there is no such type.

    Example:
        >>> data_type_name(1)
        'float'
    """
    try:
        name: str = tf.dtypes.as_dtype(data_type).name
    except TypeError:
        return str(data_type)
    return _CPP_NAMES.get(name, name)


@cache
def numpy_type(data_type: int) -> np.dtype[Any]:
    """The NumPy type that holds a DataType; object, for bytes, where it is a string.

    Args:
        data_type: value of the DataType enumeration.

    Raises:
        TypeError: no array can hold it (a resource, a variant), or there is no such type.
    """
    try:
        kind: np.dtype[Any] = np.dtype(tf.dtypes.as_dtype(data_type).as_numpy_dtype)
    except KeyError as error:
        raise TypeError(f"no array can hold the type {data_type_name(data_type)}") from error
    return kind


@cache
def data_type_of(kind: np.dtype[Any]) -> int:
    """The DataType of arrays of a NumPy type; a string where it is object.

    Args:
        kind: of an array that TensorFlow returned.
    """
    return int(tf.dtypes.as_dtype(kind).as_datatype_enum)
