"""The operations of the plain formulas, in TensorFlow."""

from typing import Any

import tensorflow as tf

where, reshape, sigmoid, relu = tf.where, tf.reshape, tf.sigmoid, tf.nn.relu
log, log1p, clip = tf.math.log, tf.math.log1p, tf.clip_by_value
concatenate, stack, einsum = tf.concat, tf.stack, tf.einsum


def take(table: Any, ids: Any) -> Any:
    """The rows of a table."""
    return tf.gather(table, ids)


def softmax(scores: Any) -> Any:
    """Over the last axis."""
    return tf.nn.softmax(scores)


def transpose(values: Any) -> Any:
    """The last two axes change places."""
    return tf.linalg.matrix_transpose(values)


def total(values: Any, axis: int, keepdims: bool = False) -> Any:
    """The sum over one axis."""
    return tf.reduce_sum(values, axis=axis, keepdims=keepdims)


def average(values: Any) -> Any:
    """The mean over the first axis."""
    return tf.reduce_mean(values, axis=0)


def some(mask: Any) -> Any:
    """Whether any is true on the last axis, which stays with length 1."""
    return tf.reduce_any(mask, axis=-1, keepdims=True)


def layer_norm(values: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    """Over the last axis."""
    centred = values - tf.reduce_mean(values, axis=-1, keepdims=True)
    variance = tf.reduce_mean(centred * centred, axis=-1, keepdims=True)
    return centred * tf.math.rsqrt(variance + epsilon) * gamma + beta


def repeat_rows(rows: Any, batch: int) -> Any:
    """[n, dim] -> [batch, n, dim]."""
    return tf.broadcast_to(rows, (batch, *rows.shape))


def cast(values: Any, dtype: str) -> Any:
    """To float32 or bfloat16."""
    return tf.cast(values, dtype)
