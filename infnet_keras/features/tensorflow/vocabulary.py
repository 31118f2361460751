"""Value -> rank in a vocabulary, inside a SavedModel."""

from pathlib import Path

import tensorflow as tf


class TensorFlowVocabulary(tf.Module):
    """Ranks of values in a vocabulary file.

    Args:
        file: one value a line, in the order of their ranks; becomes an asset of the SavedModel.
    """

    def __init__(self, file: Path):
        super().__init__()
        self._ranks = None
        if file.stat().st_size:  # TensorFlow refuses an empty file
            self._ranks = tf.lookup.StaticHashTable(
                tf.lookup.TextFileInitializer(
                    str(file),
                    key_dtype=tf.string,
                    key_index=tf.lookup.TextFileIndex.WHOLE_LINE,
                    value_dtype=tf.int64,
                    value_index=tf.lookup.TextFileIndex.LINE_NUMBER,
                ),
                default_value=-1,
            )

    def __call__(self, strings: tf.Tensor) -> tf.Tensor:
        """The rank of each string, from 0; -1 where the vocabulary does not hold it.

        Args:
            strings: of any shape.

        Returns:
            int64 of the same shape.
        """
        if self._ranks is None:
            return tf.fill(tf.shape(strings), tf.constant(-1, tf.int64))
        return self._ranks.lookup(strings)
