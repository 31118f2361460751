"""What candidates share with a history, inside a SavedModel: `shared_values` in TensorFlow."""

from collections.abc import Mapping

import tensorflow as tf

from infnet_keras.features.numpy.shared_values import NO_VALUE
from infnet_keras.features.tensorflow.encoder import canonical_strings
from infnet_keras.features.transform_plan import SequenceStep


def latest_steps(step: SequenceStep, raw: Mapping[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """The part of a history that the model reads.

    Args:
        step: an attribute of the behaviour.
        raw: that attribute [R, n] and the behaviour's lengths [R].

    Returns:
        bool [R, length], which steps there are, and their raw values; others mean nothing.
    """
    values = raw[step.name]
    given = tf.shape(values, out_type=tf.int64)
    steps = tf.clip_by_value(raw[step.length_input], 0, given[1])
    first = tf.maximum(steps - step.length, 0)
    position = first[:, tf.newaxis] + tf.range(step.length, dtype=tf.int64)
    valid = position < steps[:, tf.newaxis]
    # One more step, so that a batch without any can be gathered from.
    blank = tf.zeros([given[0], 1], values.dtype)
    values = tf.concat([values, blank], axis=1)
    return valid, tf.gather(values, tf.where(valid, position, given[1]), batch_dims=1)


def count_shared(
    step: SequenceStep, candidates: tf.Tensor, valid: tf.Tensor, steps: tf.Tensor
) -> tf.Tensor:
    """How many steps have a value that the candidate has too.

    Args:
        step: says how values split.
        candidates: raw values [R] or [R, K].
        valid: bool [R, length], which steps there are.
        steps: raw values [R, length].

    Returns:
        int64 in the shape of the candidates.
    """
    listed = candidates if candidates.shape.rank == 2 else candidates[:, tf.newaxis]
    own, past = _parts(step, listed), _parts(step, steps)
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


def _parts(step: SequenceStep, values: tf.Tensor) -> tf.Tensor:
    """Canonical strings of raw values [R, n]: [R, n, parts], "" where there is none."""
    strings = canonical_strings(values)
    if step.separator is None:
        return strings[..., tf.newaxis]
    parts = tf.strings.split(tf.reshape(strings, [-1]), sep=step.separator)
    parts = tf.ragged.boolean_mask(parts, parts != "")
    dense = parts.to_tensor("", shape=[None, step.max_values])
    shape = tf.concat([tf.shape(values), [step.max_values]], axis=0)
    return tf.ensure_shape(tf.reshape(dense, shape), [None, None, step.max_values])
