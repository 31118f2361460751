"""Raw value -> row of an embedding table, inside a SavedModel."""

from collections.abc import Callable

import tensorflow as tf

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.encoder import (
    OUT_OF_VOCABULARY_ID,
    SMALLEST_NORMAL,
    table_boundaries,
    whole_boundaries,
)
from infnet_keras.features.numpy.encoder import comparable as comparable_numbers
from infnet_keras.features.transform_plan import Step
from infnet_keras.spec.tables import Table

DECIMAL = r"0|[1-9][0-9]{0,17}"


class TensorFlowEncoder(tf.Module):
    """The transform of one table, with the ids of `Encoder`.

    It does not say where vocabulary and boundaries come from: from files that were fitted before,
    or from analyzers of tf.Transform that are still to run.

    Args:
        table: which kind of transform, and which rows it leads to.
        ranks: of a vocabulary table, strings -> int64 rank in the vocabulary, -1 outside it.
        boundaries: fitted boundaries of a quantiles table, ascending: numbers, or a float32 tensor
            [n] of `comparable` ones.
    """

    def __init__(
        self,
        table: Table,
        ranks: Callable[[tf.Tensor], tf.Tensor] | None = None,
        boundaries: list[float] | tf.Tensor | None = None,
    ):
        super().__init__()
        self._table = table
        self._ranks = ranks
        if table.vocabulary is not None and ranks is None:
            raise ValueError("a vocabulary table needs its vocabulary")
        if table.numeric is not None:
            raise ValueError("a number has no rows: `TensorFlowNumberEncoder` standardises it")
        if table.is_numeric:
            if tf.is_tensor(boundaries):
                self._boundaries = boundaries
                self._whole_boundaries = _whole_boundaries(boundaries)
            else:
                numbers = table_boundaries(table, boundaries)
                self._boundaries = comparable_numbers(numbers)
                self._whole_boundaries = whole_boundaries(numbers)

    def encode(self, values: tf.Tensor) -> tf.Tensor:
        """Rows of single values.

        Args:
            values: int64, float32 or string, of any shape.

        Returns:
            int32 of the same shape; never 0, which is padding.

        Raises:
            DataError: the table cannot place values of this type.
        """
        if self._table.is_numeric:
            return self._encode_numbers(values)
        if self._table.identity is not None:
            return self._encode_identity(values)
        return self._encode_strings(canonical_strings(values))

    def encode_multivalue(self, values: tf.Tensor, separator: str, max_values: int) -> tf.Tensor:
        """Rows of the first parts of separator-joined values; empty parts do not count.

        Args:
            values: string or int64, of any shape.
            separator: what stands between the parts, one or several characters.
            max_values: how many parts are kept.

        Returns:
            int32 [..., max_values], right-padded with 0; a value without parts starts with the
            row of a missing value.
        """
        parts = tf.strings.split(tf.reshape(canonical_strings(values), [-1]), sep=separator)
        parts = tf.ragged.boolean_mask(parts, parts != "")
        ids = parts.with_flat_values(self.encode(parts.flat_values))
        ids = ids.to_tensor(default_value=0, shape=[None, max_values])
        missing = tf.one_hot(0, max_values, self._table.missing_id, 0, dtype=tf.int32)
        ids = tf.where(ids[:, :1] == 0, missing, ids)
        return tf.reshape(ids, tf.concat([tf.shape(values), [max_values]], axis=0))

    def encode_step(self, step: Step, values: tf.Tensor) -> tf.Tensor:
        """Rows of values of any shape as a step of the plan asks: int32, [..., max_values]."""
        if step.separator is None:
            return self.encode(values)
        return self.encode_multivalue(values, step.separator, step.max_values)

    def _encode_strings(self, strings: tf.Tensor) -> tf.Tensor:
        table = self._table
        if table.hash is not None:
            ids = table.first_value_id + tf.strings.to_hash_bucket_fast(strings, table.hash)
        else:
            assert self._ranks is not None
            rank = self._ranks(strings)
            unknown = OUT_OF_VOCABULARY_ID + tf.strings.to_hash_bucket_fast(strings, table.oov)
            ids = tf.where(rank >= 0, table.first_value_id + rank, unknown)
        missing_id = tf.constant(table.missing_id, tf.int64)
        return tf.cast(tf.where(strings == "", missing_id, ids), tf.int32)

    def _encode_identity(self, values: tf.Tensor) -> tf.Tensor:
        if values.dtype == tf.string:
            spelt = tf.strings.regex_full_match(values, DECIMAL)
            numbers = tf.strings.to_number(tf.where(spelt, values, "-1"), tf.int64)
        elif values.dtype.is_floating:
            single = comparable(values)
            integral = (single == tf.floor(single)) & (tf.abs(single) < 2**31)
            numbers = tf.cast(tf.where(integral, single, -1.0), tf.int64)
        else:
            numbers = tf.cast(values, tf.int64)
        known = (numbers >= 0) & (numbers < self._table.identity)
        ids = tf.where(known, self._table.first_value_id + numbers, OUT_OF_VOCABULARY_ID)
        missing = values == "" if values.dtype == tf.string else is_missing_number(values)
        return tf.where(missing, self._table.missing_id, tf.cast(ids, tf.int32))

    def _encode_numbers(self, values: tf.Tensor) -> tf.Tensor:
        if values.dtype == tf.string:
            raise DataError(
                f"strings were given to a table of {self._table.kind}, which compare numbers: "
                "declare the column's type float32 or int64"
            )
        if values.dtype.is_floating:
            boundaries, numbers = self._boundaries, comparable(values)
        else:
            boundaries, numbers = self._whole_boundaries, tf.cast(values, tf.int64)
        flat = tf.reshape(numbers, [-1])
        place = tf.reshape(tf.searchsorted(boundaries, flat, side="right"), tf.shape(values))
        ids = self._table.first_value_id + place
        return tf.where(is_missing_number(values), self._table.missing_id, ids)


def _whole_boundaries(boundaries: tf.Tensor) -> tf.Tensor:
    """`whole_boundaries` of a float32 tensor."""
    kept = tf.boolean_mask(boundaries, boundaries < 2.0**63)
    return tf.cast(tf.math.ceil(tf.maximum(kept, -(2.0**63))), tf.int64)


def is_missing_number(values: tf.Tensor) -> tf.Tensor:
    """Where a number is missing: NaN, or the smallest int64."""
    return tf.math.is_nan(values) if values.dtype.is_floating else values == MISSING_INTEGER


def comparable(numbers: tf.Tensor) -> tf.Tensor:
    """Numbers as they are compared with boundaries, float32: `encoder.comparable`."""
    single = tf.cast(numbers, tf.float32)
    return tf.where(tf.abs(single) < SMALLEST_NORMAL, 0.0, single)


def canonical_strings(values: tf.Tensor) -> tf.Tensor:
    """The strings of `canonical.canonical_strings`, "" where missing.

    Raises:
        DataError: the values are floats.
    """
    if values.dtype == tf.string:
        return values
    if values.dtype.is_floating:
        raise DataError(
            "floats were given to a table that needs one spelling a value: declare the column's "
            "type int64 or string"
        )
    numbers = tf.cast(values, tf.int64)
    return tf.where(numbers == MISSING_INTEGER, "", tf.strings.as_string(numbers))
