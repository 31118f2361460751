"""Raw value -> row of an embedding table, for local work: Arrow and NumPy."""

import math
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from farmhash import fingerprint64

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import canonical_strings, missing_as_null, split_values
from infnet_keras.features.transform_plan import Step
from infnet_keras.spec.tables import Table

Ids = npt.NDArray[np.int32]
OUT_OF_VOCABULARY_ID = 1
SMALLEST_NORMAL = np.float32(np.finfo(np.float32).smallest_normal)


class Encoder:
    """The transform of one table. `TensorFlowEncoder` is the same inside a SavedModel.

    Args:
        table: which kind of transform, and which rows it leads to.
        vocabulary: values of a vocabulary table, in row order.
        boundaries: fitted boundaries of a quantiles table, ascending.

    Example:
        >>> encoder = Encoder(Table(vocabulary={}), ["red", "blue"])
        >>> encoder.encode(np.array(["blue", "green", ""]))
        array([3, 1, 1], dtype=int32)
    """

    def __init__(
        self,
        table: Table,
        vocabulary: list[str] | None = None,
        boundaries: list[float] | None = None,
    ):
        self.table = table
        if table.vocabulary is not None:
            if vocabulary is None:
                raise ValueError("a vocabulary table needs its fitted vocabulary")
            self._rank = {value.encode(): rank for rank, value in enumerate(vocabulary)}
        if table.numeric is not None:
            raise ValueError("a number has no rows: `NumberEncoder` standardises it")
        if table.is_numeric:
            numbers = table_boundaries(table, boundaries)
            self._boundaries = comparable(numbers)
            self._whole_boundaries = whole_boundaries(numbers)

    def encode(
        self, values: pa.Array | pa.ChunkedArray | npt.NDArray[Any], column: str = "values"
    ) -> Ids:
        """Rows of single values.

        Args:
            values: [n] integers, floats, strings or bytes.
            column: name of the raw column, for errors.

        Returns:
            int32 [n]; never 0, which is padding.

        Raises:
            DataError: the table cannot place values of this type.
        """
        if isinstance(values, pa.ChunkedArray):
            chunks = [self.encode(chunk, column) for chunk in values.chunks]
            return np.concatenate(chunks) if chunks else np.zeros(0, np.int32)
        array = missing_as_null(values, column)
        if self.table.is_numeric:
            return self._encode_numbers(array, column)
        if self.table.identity is not None and (
            pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
        ):
            return self._encode_identity(array)
        return self._by_distinct(canonical_strings(array, column), self._encode_strings)

    def encode_multivalue(
        self,
        values: pa.Array | pa.ChunkedArray | npt.NDArray[Any],
        separator: str,
        max_values: int,
        column: str = "values",
    ) -> Ids:
        """Rows of the first parts of separator-joined values; empty parts do not count.

        Args:
            values: [n] strings, bytes or integers.
            separator: what stands between the parts, one or several characters.
            max_values: how many parts are kept.
            column: name of the raw column, for errors.

        Returns:
            int32 [n, max_values], right-padded with 0; a row without parts starts with the row of
            a missing value.

        Raises:
            DataError: the values are floats.
        """
        if isinstance(values, pa.ChunkedArray):
            chunks = [
                self.encode_multivalue(chunk, separator, max_values, column)
                for chunk in values.chunks
            ]
            return np.concatenate(chunks) if chunks else np.zeros((0, max_values), np.int32)

        def encode_distinct(strings: pa.Array) -> Ids:
            rows, parts = split_values(strings, separator)
            position = np.arange(len(rows)) - np.searchsorted(rows, rows)
            kept = position < max_values
            ids = np.zeros((len(strings), max_values), np.int32)
            ids[:, 0] = self.table.missing_id
            ids[rows[kept], position[kept]] = self.encode(parts.filter(pa.array(kept)), column)
            return ids

        return self._by_distinct(canonical_strings(values, column), encode_distinct, max_values)

    def encode_step(self, step: Step, values: pa.Array | npt.NDArray[Any]) -> Ids:
        """Rows of values [n] as a step of the plan asks: int32 [n], or [n, max_values]."""
        if step.separator is None:
            return self.encode(values, step.column)
        return self.encode_multivalue(values, step.separator, step.max_values, step.column)

    def _by_distinct(
        self, strings: pa.Array, encode: Callable[[pa.Array], Ids], max_values: int | None = None
    ) -> Ids:
        distinct = strings.dictionary_encode()
        index = distinct.indices.fill_null(len(distinct.dictionary)).to_numpy()
        missing = np.zeros(1 if max_values is None else (1, max_values), np.int32)
        missing[..., 0] = self.table.missing_id
        ids: Ids = np.concatenate([encode(distinct.dictionary), missing])[index]
        return ids

    def _encode_strings(self, strings: pa.Array) -> Ids:
        """Rows of distinct canonical strings."""
        table = self.table
        spelt = strings.to_numpy(zero_copy_only=False).tolist()
        if table.hash is not None:
            place = _fingerprints(spelt) % np.uint64(table.hash)
            return (table.first_value_id + place.astype(np.int64)).astype(np.int32)
        if table.identity is not None:
            place = np.fromiter(map(_decimal, spelt), np.int64, len(spelt))
            known = (place >= 0) & (place < table.identity)
        else:
            place = np.fromiter(map(self._rank.get, spelt, repeat(-1)), np.int64, len(spelt))
            known = place >= 0
        ids = np.where(known, table.first_value_id + place, OUT_OF_VOCABULARY_ID)
        if table.oov > 1:
            unknown = [spelt[i] for i in np.flatnonzero(~known)]
            ids[~known] += (_fingerprints(unknown) % np.uint64(table.oov)).astype(np.int64)
        return ids.astype(np.int32)

    def _encode_identity(self, array: pa.Array) -> Ids:
        numbers = array.fill_null(-1).to_numpy(zero_copy_only=False)
        if pa.types.is_floating(array.type):
            numbers = comparable(numbers)
            integral = (numbers == np.floor(numbers)) & (np.abs(numbers) < 2**31)
            numbers = np.where(integral, numbers, -1).astype(np.int64)
        known = (numbers >= 0) & (numbers < self.table.identity)
        ids = np.where(known, self.table.first_value_id + numbers, OUT_OF_VOCABULARY_ID)
        return self._with_missing(ids, array)

    def _encode_numbers(self, array: pa.Array, column: str) -> Ids:
        if pa.types.is_null(array.type):
            return np.full(len(array), self.table.missing_id, np.int32)
        if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type)):
            raise DataError(
                f"column {column!r} holds strings, but {self.table.kind} compare numbers: "
                f"declare types: {{{column}: float32 or int64}}"
            )
        numbers = array.fill_null(0).to_numpy(zero_copy_only=False)
        if pa.types.is_integer(array.type):
            place = np.searchsorted(self._whole_boundaries, numbers, side="right")
        else:
            place = np.searchsorted(self._boundaries, comparable(numbers), side="right")
        return self._with_missing(self.table.first_value_id + place, array)

    def _with_missing(self, ids: npt.NDArray[np.int64], array: pa.Array) -> Ids:
        known = array.is_valid().to_numpy(zero_copy_only=False)
        return np.where(known, ids, self.table.missing_id).astype(np.int32)


def table_boundaries(table: Table, fitted: list[float] | None) -> Sequence[int | float]:
    """Boundaries that a numeric table declares, or those fitted for its quantiles."""
    boundaries = table.boundaries if table.boundaries is not None else fitted
    if boundaries is None:
        raise ValueError("a quantiles table needs its fitted boundaries")
    return boundaries


def whole_boundaries(boundaries: Sequence[int | float]) -> npt.NDArray[np.int64]:
    """What integers are compared with, so that none is rounded: x >= b where x >= ceil(b).

    Args:
        boundaries: ascending; those beyond 64 bits are left out above, all integers reach below.

    Example:
        >>> whole_boundaries([0.5, 9007199254740993, 1e30])
        array([               1, 9007199254740993])
    """
    whole = (0 if abs(b) < SMALLEST_NORMAL else math.ceil(b) for b in boundaries if b < 2**63)
    return np.array([max(number, -(2**63)) for number in whole], np.int64)


def comparable(numbers: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Numbers as they are compared with boundaries: float32, subnormal ones as 0.

    TensorFlow's CPU kernels flush subnormal numbers, so the definition does.
    """
    with np.errstate(over="ignore"):
        single = np.asarray(numbers).astype(np.float32)
    return np.where(np.abs(single) < SMALLEST_NORMAL, np.float32(0), single)


def _fingerprints(strings: list[bytes]) -> npt.NDArray[np.uint64]:
    return np.fromiter(map(fingerprint64, strings), np.uint64, len(strings))


def _decimal(string: bytes) -> int:
    """The integer that a string spells canonically (7, not 07 or +7), else -1."""
    if not string.isdigit() or len(string) > 18 or (string[0] == ord("0") and len(string) > 1):
        return -1
    return int(string)
