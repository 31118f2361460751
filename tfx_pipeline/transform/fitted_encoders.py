"""Encoders whose vocabularies and boundaries tf.Transform's analyzers fit."""

from collections.abc import Mapping
from contextlib import nullcontext

import tensorflow as tf
import tensorflow_transform as tft

from infnet_keras.features.engine import field_values
from infnet_keras.features.tensorflow.encoder import (
    TensorFlowEncoder,
    canonical_strings,
    comparable,
    is_missing_number,
)
from infnet_keras.features.tensorflow.row_transform import Encoders, TensorFlowBatch
from infnet_keras.features.transform_plan import TransformPlan
from infnet_keras.served_names import served_names
from infnet_keras.spec import FeatureSpec, Table
from tfx_pipeline.transform.fitted_boundaries import named_boundaries
from tfx_pipeline.transform.fitted_spreads import fitted_number

PLACEHOLDER = b"49d0cd50-04bb-48c0-bc6f-5b575dce351a"
"""What tf.Transform writes into a vocabulary without values. Never one of ours."""
EPSILON = 1e-4
"""How far the rank of a quantile may be from what it should be, as a fraction of the values."""


def fitted_encoders(
    spec: FeatureSpec, raw: Mapping[str, tf.Tensor], columns: Mapping[str, tf.Tensor]
) -> dict[str, Encoders]:
    """The encoder of every table and number, fitted on the impressions' own columns.

    Vocabulary files get a name by their table, `vocabulary_name`, boundaries and spreads one in the
    graph.

    Args:
        spec: the feature spec.
        raw: the raw inputs of `raw_inputs`, which derived fields read.
        columns: [batch] of every column that feeds a table and is not derived.

    Raises:
        DataError: a column has a type that its table cannot use.
    """
    plan = TransformPlan.of(spec)
    engine = TensorFlowBatch(plan, {}, raw)
    derived = {step.name: step for step in plan.fields if step.derivation is not None}
    encoders: dict[str, Encoders] = {}
    for name, table in spec.all_tables.items():
        feeds = spec.table_columns[name]
        values = {
            column: field_values(derived[column], engine, raw)
            if column in derived
            else columns[column]
            for column in feeds
            if table.is_fitted
        }
        if table.numeric is not None:
            encoders[name] = fitted_number(spec, name, next(iter(values.values())))
            continue
        ranks = boundaries = None
        if table.vocabulary is not None:
            strings = [_parts(values[column], separator) for column, separator in feeds.items()]
            ranks = _fitted_ranks(vocabulary_name(spec, name), table, tf.concat(strings, axis=0))
        elif table.quantiles is not None:
            numbers = [_fitted_numbers(v) for v in values.values()]
            fitted = _fitted_boundaries(table.quantiles, tf.concat(numbers, axis=0))
            boundaries = named_boundaries(spec, name, fitted)
        encoders[name] = TensorFlowEncoder(table, ranks, boundaries)
    return encoders


class _FittedVocabulary:
    """Ranks in a vocabulary that an analyzer writes; one table, however many columns read it."""

    def __init__(self, file: tf.Tensor):
        self._file = file
        self._table: tf.lookup.StaticHashTable | None = None

    def __call__(self, strings: tf.Tensor) -> tf.Tensor:
        ranks = tft.apply_vocabulary(strings, self._file, lookup_fn=self._look_up)
        return tf.where(strings == PLACEHOLDER, tf.constant(-1, tf.int64), ranks)

    def _look_up(self, strings: tf.Tensor, file: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if self._table is None:
            # A file that is known already is read when the graph is loaded, not at every batch.
            known = isinstance(file, str) or hasattr(file, "numpy")
            with tf.init_scope() if known else nullcontext():
                self._table = tf.lookup.StaticHashTable(
                    tf.lookup.TextFileInitializer(
                        file,
                        key_dtype=tf.string,
                        key_index=tf.lookup.TextFileIndex.WHOLE_LINE,
                        value_dtype=tf.int64,
                        value_index=tf.lookup.TextFileIndex.LINE_NUMBER,
                    ),
                    default_value=-1,
                )
        # The size would become the domain of a transformed feature; ranks are not one. Asking for
        # it would put the look-ups of different columns into an order, as if they read each other.
        return self._table.lookup(strings), tf.constant(0, tf.int64)


def vocabulary_name(spec: FeatureSpec, table: str) -> str:
    """The name by which tf.Transform knows the vocabulary of a table: that of a file."""
    return served_names(spec.all_tables)[table]


def _fitted_ranks(name: str, table: Table, strings: tf.Tensor) -> _FittedVocabulary:
    assert table.vocabulary is not None
    # tf.Transform leaves empty strings out, and those with a newline.
    counted = tf.where(strings == PLACEHOLDER, "", strings)
    return _FittedVocabulary(
        tft.vocabulary(
            counted,
            top_k=table.vocabulary.max_size,
            frequency_threshold=table.vocabulary.min_count,
            vocab_filename=name,
        )
    )


def _fitted_numbers(values: tf.Tensor) -> tf.Tensor:
    """The numbers that may be boundaries, float32: infinity is none, as in `data prepare`."""
    numbers = comparable(values)
    return tf.boolean_mask(numbers, ~is_missing_number(values) & tf.math.is_finite(numbers))


def _fitted_boundaries(quantiles: int, numbers: tf.Tensor) -> tf.Tensor:
    """float32 [n], ascending, n at most quantiles - 1; none where there are no numbers."""
    fitted = tf.reshape(tft.quantiles(numbers, quantiles, EPSILON), [-1])
    any_number = tft.size(numbers) > 0  # without any, tf.Transform's quantiles are all 0
    distinct = tf.unique(fitted).y
    return tf.boolean_mask(distinct, tf.fill(tf.shape(distinct), any_number))


def _parts(values: tf.Tensor, separator: str | None) -> tf.Tensor:
    """Canonical strings, flat; "" where a value is missing."""
    strings = tf.reshape(canonical_strings(values), [-1])
    return strings if separator is None else tf.strings.split(strings, sep=separator).flat_values
