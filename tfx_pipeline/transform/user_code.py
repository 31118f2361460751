"""Users as numbers: the groups of gAUC."""

import tensorflow as tf

from infnet_keras.features.tensorflow.encoder import canonical_strings

_CODES = 2**63 - 1


def user_code(keys: tf.Tensor) -> tf.Tensor:
    """A number for each user's key.

    Args:
        keys: int64 or string [batch].

    Returns:
        int64 [batch]: an integer key itself, a string's fingerprint in 63 bits.

    Raises:
        DataError: the keys are floats.
    """
    if keys.dtype == tf.int64:
        return keys
    return tf.strings.to_hash_bucket_fast(canonical_strings(keys), _CODES)
