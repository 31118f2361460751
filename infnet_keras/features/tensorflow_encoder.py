"""Raw value -> row of an embedding table, inside a SavedModel."""

from pathlib import Path

import tensorflow as tf

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.encoder import (
    OUT_OF_VOCABULARY_ID,
    SMALLEST_NORMAL,
    comparable,
    table_boundaries,
)
from infnet_keras.spec.tables import Table

DECIMAL = r"0|[1-9][0-9]{0,17}"


class TensorFlowEncoder(tf.Module):
    """The transform of one table, with the ids of `Encoder`.

    Args:
        table: which kind of transform, and which rows it leads to.
        vocabulary_file: values of a vocabulary table, one a line; becomes an asset of the
            SavedModel.
        boundaries: fitted boundaries of a quantiles table, ascending.
    """

    def __init__(
        self,
        table: Table,
        vocabulary_file: Path | None = None,
        boundaries: list[float] | None = None,
    ):
        super().__init__()
        self._table = table
        self._ranks = None
        if table.vocabulary is not None:
            if vocabulary_file is None:
                raise ValueError("a vocabulary table needs its vocabulary file")
            if vocabulary_file.stat().st_size:  # TensorFlow refuses an empty file
                self._ranks = tf.lookup.StaticHashTable(
                    tf.lookup.TextFileInitializer(
                        str(vocabulary_file),
                        key_dtype=tf.string,
                        key_index=tf.lookup.TextFileIndex.WHOLE_LINE,
                        value_dtype=tf.int64,
                        value_index=tf.lookup.TextFileIndex.LINE_NUMBER,
                    ),
                    default_value=-1,
                )
        if table.is_numeric:
            self._boundaries = comparable(table_boundaries(table, boundaries)).tolist()

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
        return self._encode_strings(_canonical_strings(values))

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
        parts = tf.strings.split(tf.reshape(_canonical_strings(values), [-1]), sep=separator)
        parts = tf.ragged.boolean_mask(parts, parts != "")[:, :max_values]
        ids = parts.with_flat_values(self.encode(parts.flat_values))
        ids = ids.to_tensor(default_value=0, shape=[None, max_values])
        missing = tf.one_hot(0, max_values, self._table.missing_id, 0, dtype=tf.int32)
        ids = tf.where(ids[:, :1] == 0, missing, ids)
        return tf.reshape(ids, tf.concat([tf.shape(values), [max_values]], axis=0))

    def _encode_strings(self, strings: tf.Tensor) -> tf.Tensor:
        table = self._table
        if table.hash is not None:
            ids = table.first_value_id + tf.strings.to_hash_bucket_fast(strings, table.hash)
        else:
            ids = OUT_OF_VOCABULARY_ID + tf.strings.to_hash_bucket_fast(strings, table.oov)
            if self._ranks is not None:
                rank = self._ranks.lookup(strings)
                ids = tf.where(rank >= 0, table.first_value_id + rank, ids)
        missing_id = tf.constant(table.missing_id, tf.int64)
        return tf.cast(tf.where(strings == "", missing_id, ids), tf.int32)

    def _encode_identity(self, values: tf.Tensor) -> tf.Tensor:
        if values.dtype == tf.string:
            spelt = tf.strings.regex_full_match(values, DECIMAL)
            numbers = tf.strings.to_number(tf.where(spelt, values, "-1"), tf.int64)
        elif values.dtype.is_floating:
            single = _comparable(values)
            integral = (single == tf.floor(single)) & (tf.abs(single) < 2**31)
            numbers = tf.cast(tf.where(integral, single, -1.0), tf.int64)
        else:
            numbers = tf.cast(values, tf.int64)
        known = (numbers >= 0) & (numbers < self._table.identity)
        return tf.cast(
            tf.where(known, self._table.first_value_id + numbers, OUT_OF_VOCABULARY_ID), tf.int32
        )

    def _encode_numbers(self, values: tf.Tensor) -> tf.Tensor:
        if values.dtype == tf.string:
            raise DataError(
                f"strings were given to a table of {self._table.kind}, which compare numbers: "
                "declare the column's type float32 or int64"
            )
        missing = tf.math.is_nan(values) if values.dtype.is_floating else values == MISSING_INTEGER
        place = tf.raw_ops.Bucketize(input=_comparable(values), boundaries=self._boundaries)
        return tf.where(missing, OUT_OF_VOCABULARY_ID, self._table.first_value_id + place)


def _comparable(numbers: tf.Tensor) -> tf.Tensor:
    """`encoder.comparable`."""
    single = tf.cast(numbers, tf.float32)
    return tf.where(tf.abs(single) < SMALLEST_NORMAL, 0.0, single)


def _canonical_strings(values: tf.Tensor) -> tf.Tensor:
    """The strings of `canonical.canonical_strings`, "" where missing."""
    if values.dtype == tf.string:
        return values
    if values.dtype.is_floating:
        raise DataError(
            "floats were given to a table that needs one spelling a value: declare the column's "
            "type int64 or string"
        )
    numbers = tf.cast(values, tf.int64)
    return tf.where(numbers == MISSING_INTEGER, "", tf.strings.as_string(numbers))
