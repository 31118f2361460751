"""What serving fixes, put into a batch of requests inside a SavedModel."""

from collections.abc import Mapping

import tensorflow as tf

from infnet_keras.features.fixed_values import FixedValues


def with_fixed(raw: Mapping[str, tf.Tensor], fixed: FixedValues) -> dict[str, tf.Tensor]:
    """Every raw input of a batch of requests.

    Args:
        raw: one input or more of the requests, by own name; every tensor leads with the requests.
        fixed: as `fixed_values` gives it.

    Returns:
        The same, with a column [requests] of each value that is fixed.
    """
    requests = tf.shape(next(iter(raw.values())))[0]
    columns = {name: tf.repeat(tf.constant(value), requests) for name, value in fixed.items()}
    return {**raw, **columns}
