"""One spelling for every raw value, on which vocabularies, hashes and splits are defined."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.errors import DataError

MISSING_INTEGER = -(2**63)
"""How an int64 value says that it is missing: the smallest one."""


def missing_as_null(values: pa.Array | npt.NDArray[Any], column: str) -> pa.Array:
    """Raw values as an Arrow array of one of three types, with every missing value null.

    Missing are null or None, NaN, the empty string and the smallest int64.

    Args:
        values: one-dimensional integers, floats, strings or bytes.
        column: name of the column, for the error.

    Returns:
        int64, float (of any width), or binary (UTF-8, of either offset width); null if nothing
        but missing values says what the type is.

    Raises:
        DataError: the values are of another type, of several, or integers beyond 64 bits.
    """
    try:
        array = values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        if pa.types.is_integer(array.type):
            array = array.cast(pa.int64())
            return _null_where(array, pc.equal(array, MISSING_INTEGER))
        if pa.types.is_floating(array.type):
            return _null_where(array, pc.is_nan(array))
        if pa.types.is_null(array.type):
            return array
        if pa.types.is_string(array.type) or pa.types.is_fixed_size_binary(array.type):
            array = array.cast(pa.binary())
        elif pa.types.is_large_string(array.type):
            array = array.cast(pa.large_binary())
        if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
            return _null_where(array, pc.equal(pc.binary_length(array), 0))
    except (pa.ArrowException, OverflowError) as error:
        raise DataError(
            f"column {column!r} mixes types or holds integers beyond 64 bits ({error}): give it "
            "values of one type, int64, float32 or string"
        ) from error
    raise DataError(
        f"column {column!r} is of type {array.type}: declare types: "
        f"{{{column}: int64, float32 or string}}"
    )


def canonical_strings(values: pa.Array | npt.NDArray[Any], column: str) -> pa.Array:
    """The canonical string of every raw value; null where it is missing.

    An integer is its decimal digits, a string is itself (UTF-8). `tf.strings.as_string` spells
    int64 the same way.

    Args:
        values: one-dimensional integers, strings or bytes.
        column: name of the column, for the error.

    Returns:
        Binary Arrow array of the same length.

    Raises:
        DataError: the values are floats, whose spelling is not unique.

    Example:
        >>> canonical_strings(np.array([7, -3]), "tag").to_pylist()
        [b'7', b'-3']
    """
    array = missing_as_null(values, column)
    if pa.types.is_integer(array.type):
        return array.cast(pa.string()).cast(pa.binary())
    if pa.types.is_floating(array.type):
        raise DataError(
            f"column {column!r} holds floats, but a vocabulary or a hash needs one spelling a "
            f"value: declare types: {{{column}: int64 or string}}"
        )
    return array.cast(pa.binary()) if pa.types.is_null(array.type) else array


def split_values(strings: pa.Array, separator: str) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Split canonical strings into their non-empty parts.

    Args:
        strings: binary, nulls where missing.
        separator: one or several characters.

    Returns:
        rows: int64 [parts], the row of each part, ascending.
        parts: binary [parts], in the order in which they stand in the row.

    Example:
        >>> rows, parts = split_values(pa.array([b"a,b", b",", b"c"]), ",")
        >>> rows.tolist(), parts.to_pylist()
        ([0, 0, 2], [b'a', b'b', b'c'])
    """
    lists = pc.split_pattern(strings, separator)
    parts = pc.list_flatten(lists)
    rows = pc.list_parent_indices(lists)
    kept = pc.not_equal(pc.binary_length(parts), 0)
    return rows.filter(kept).to_numpy().astype(np.int64), parts.filter(kept)


def _null_where(array: pa.Array, missing: pa.Array) -> pa.Array:
    if not pc.any(missing).as_py():
        return array
    return pc.if_else(missing, pa.scalar(None, array.type), array)
