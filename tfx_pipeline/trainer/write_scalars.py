"""Losses and validation metrics for TensorBoard."""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tensorflow.core.framework import summary_pb2


class WriteScalars(keras.callbacks.Callback):
    """Writes what is logged at an epoch's end into an event file.

    Keras' own callback needs the package tensorboard to write; here it is needed to look only.

    Args:
        directory: where the event file goes, of any file system of TensorFlow's.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._writer = tf.summary.create_file_writer(str(directory))
        self._metadata = summary_pb2.SummaryMetadata()
        self._metadata.plugin_data.plugin_name = "scalars"
        self._metadata.data_class = summary_pb2.DATA_CLASS_SCALAR

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        with self._writer.as_default():
            for name, value in (logs or {}).items():
                tf.summary.write(name, tf.constant(value, tf.float32), epoch + 1, self._metadata)
        self._writer.flush()
