"""What candidates share with a history, inside a SavedModel: `shared_values` in TensorFlow."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from infnet_keras.features.numpy.shared_values import NO_VALUE
from infnet_keras.features.tensorflow.encoder import canonical_strings
from infnet_keras.spec.feature_spec import FeatureSpec, SequenceFeature
from infnet_keras.spec.fields import HistoryCount, HistoryRate


def crossed_values(
    spec: FeatureSpec, derive: HistoryCount | HistoryRate, raw: Mapping[str, tf.Tensor]
) -> tf.Tensor:
    """The number of a field that counts what the history shares with each candidate.

    Args:
        spec: the feature spec.
        derive: what the field says, with `same`.
        raw: the raw inputs that it reads: the candidates' column [R] or [R, K], sequences [R, n]
            with lengths [R].

    Returns:
        float32 in the shape of the candidates' column; NaN where a rate divides by zero.
    """

    def shared(sequence: str) -> tf.Tensor:
        feature = spec.sequence_feature(sequence, str(derive.same))
        valid, steps = latest_steps(feature, raw)
        return count_shared(feature, raw[feature.column], valid, steps)

    count = shared(derive.sequence)
    if isinstance(derive, HistoryCount):
        return tf.cast(count, tf.float32)
    above = tf.cast(count, tf.float64) + derive.strength * derive.prior
    below = tf.cast(shared(derive.of), tf.float64) + derive.strength
    return tf.cast(tf.where(below > 0, above / below, np.nan), tf.float32)


def latest_steps(
    feature: SequenceFeature, raw: Mapping[str, tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor]:
    """The part of a history that the model reads.

    Args:
        feature: an attribute of the behaviour.
        raw: that attribute [R, n] and the behaviour's lengths [R].

    Returns:
        bool [R, length], which steps there are, and their raw values; others mean nothing.
    """
    values = raw[feature.name]
    given = tf.shape(values, out_type=tf.int64)
    steps = tf.clip_by_value(raw[f"{feature.sequence}__length"], 0, given[1])
    first = tf.maximum(steps - feature.length, 0)
    step = first[:, tf.newaxis] + tf.range(feature.length, dtype=tf.int64)
    valid = step < steps[:, tf.newaxis]
    # One more step, so that a batch without any can be gathered from.
    blank = tf.zeros([given[0], 1], values.dtype)
    values = tf.concat([values, blank], axis=1)
    return valid, tf.gather(values, tf.where(valid, step, given[1]), batch_dims=1)


def count_shared(
    feature: SequenceFeature, candidates: tf.Tensor, valid: tf.Tensor, steps: tf.Tensor
) -> tf.Tensor:
    """How many steps have a value that the candidate has too.

    Args:
        feature: says how values split.
        candidates: raw values [R] or [R, K].
        valid: bool [R, length], which steps there are.
        steps: raw values [R, length].

    Returns:
        int64 in the shape of the candidates.
    """
    listed = candidates if candidates.shape.rank == 2 else candidates[:, tf.newaxis]
    own, past = _parts(feature, listed), _parts(feature, steps)
    # Numbers compare faster than strings: those of one batch.
    spelt = tf.concat([tf.reshape(own, [-1]), tf.reshape(past, [-1])], axis=0)
    codes = tf.unique(spelt).idx
    own_codes = tf.reshape(codes[: tf.size(own)], tf.shape(own))
    past_codes = tf.reshape(codes[tf.size(own) :], tf.shape(past))
    # What neither side has must not be equal.
    own_codes = tf.where(own == "", NO_VALUE - 1, own_codes)
    past_codes = tf.where((past == "") | ~valid[..., tf.newaxis], NO_VALUE, past_codes)
    shared = tf.zeros([1, 1, 1], tf.bool)
    for part in tf.unstack(own_codes, axis=2):
        same = part[:, :, tf.newaxis, tf.newaxis] == past_codes[:, tf.newaxis]
        shared |= tf.reduce_any(same, axis=3)
    counts = tf.reduce_sum(tf.cast(shared, tf.int64), axis=2)
    return counts if candidates.shape.rank == 2 else counts[:, 0]


def _parts(feature: SequenceFeature, values: tf.Tensor) -> tf.Tensor:
    """Canonical strings of raw values [R, n]: [R, n, parts], "" where there is none."""
    strings = canonical_strings(values)
    if feature.multivalue is None:
        return strings[..., tf.newaxis]
    parts = tf.strings.split(tf.reshape(strings, [-1]), sep=feature.multivalue)
    parts = tf.ragged.boolean_mask(parts, parts != "")
    dense = parts.to_tensor("", shape=[None, feature.max_values])
    shape = tf.concat([tf.shape(values), [feature.max_values]], axis=0)
    return tf.ensure_shape(tf.reshape(dense, shape), [None, None, feature.max_values])
