"""How many steps of a user's history share a value with the candidate: Arrow and NumPy."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.features.canonical import canonical_strings, split_values

Codes = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]
NO_VALUE = -1


def value_codes(
    values: pa.Array | npt.NDArray[Any],
    separator: str | None = None,
    max_values: int = 1,
    column: str = "values",
) -> Codes:
    """Numbers that are equal where canonical values are: for comparison among themselves alone.

    Args:
        values: [n] integers, strings or bytes.
        separator: what stands between the parts of a value; None where a value is one.
        max_values: how many parts count, the first ones; empty parts do not.
        column: name of the raw column, for errors.

    Returns:
        int32 [parts, n], at most `max_values` parts; `NO_VALUE` where there is none.

    Raises:
        DataError: the values are floats, whose spelling is not unique.

    Example:
        >>> value_codes(np.array([7, 3, 7])).tolist()
        [[0, 1, 0]]
        >>> value_codes(np.array(["a,b", "", "b,,c,a"]), ",", 2).tolist()
        [[0, -1, 1], [1, -1, 2]]
    """
    distinct = canonical_strings(values, column).dictionary_encode()
    which = distinct.indices.fill_null(len(distinct.dictionary)).to_numpy()
    count = len(distinct.dictionary)
    if separator is None:
        codes = np.arange(count)[np.newaxis]
    else:
        rows, parts = split_values(distinct.dictionary, separator)
        position = np.arange(len(rows)) - np.searchsorted(rows, rows)
        kept = position < max_values
        codes = np.full((int(position[kept].max(initial=0)) + 1, count), NO_VALUE)
        codes[position[kept], rows[kept]] = parts.dictionary_encode().indices.to_numpy()[kept]
    missing = np.full((len(codes), 1), NO_VALUE)
    return np.concatenate([codes, missing], axis=1).astype(np.int32)[:, which]


def count_shared(
    candidates: Codes,
    steps: Codes,
    first: npt.NDArray[np.integer[Any]],
    last: npt.NDArray[np.integer[Any]],
) -> Integers:
    """How many steps of each history have a value that its candidate has too.

    Takes one step further back at a time, for all histories at once.

    Args:
        candidates: int32 [parts, n], `value_codes` of the candidates.
        steps: int32 [parts, m], those of the events that histories consist of.
        first: [n], where in `steps` each candidate's history starts.
        last: [n], where it ends, exclusive.

    Returns:
        int64 [n]; a missing value is shared with nothing.

    Example:
        >>> codes = value_codes(np.array([7, 3, 7]))
        >>> count_shared(codes, codes, np.array([0, 0, 0]), np.array([0, 1, 2])).tolist()
        [0, 0, 1]
    """
    counts = np.zeros(len(last), np.int64)
    rows = np.flatnonzero((first < last) & (candidates != NO_VALUE).any(axis=0))
    # What neither side has must not be equal.
    candidates = np.where(candidates == NO_VALUE, NO_VALUE - 1, candidates)[:, rows]
    step, first = last[rows] - 1, first[rows]
    while len(rows):
        shared = np.zeros(len(rows), bool)
        for values in steps:
            value = values[step]
            for part in candidates:
                shared |= value == part
        counts[rows] += shared
        step = step - 1
        more = step >= first
        if not more.all():
            rows, step, first, candidates = rows[more], step[more], first[more], candidates[:, more]
    return counts
