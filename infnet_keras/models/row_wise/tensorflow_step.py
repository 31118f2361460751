"""A training step on TensorFlow that moves single rows."""

from typing import Any

import keras
import tensorflow as tf

from infnet_keras.layers.embeddings.lookup import gather


def train_step(model: Any, data: Any) -> dict[str, Any]:
    """As `keras.Model.train_step` on TensorFlow.

    Args:
        model: a `RowWiseModel`.
        data: a batch.

    Returns:
        The metrics.
    """
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    lookups = model.embedded_inputs.lookups(model.inputs_of(x), training=True)
    rows = gather(lookups)
    trainable = model.trainable_variables
    with tf.GradientTape() as tape:
        tape.watch(rows)
        loss, answers = model.scaled_loss(x, y, sample_weight, rows)
    gradients, row_gradients = tape.gradient(loss, (trainable, rows))
    row_gradients = {
        name: tf.zeros_like(each) if row_gradients[name] is None else row_gradients[name]
        for name, each in rows.items()
    }
    gradients = model.move_rows(lookups, row_gradients, gradients)
    model.optimizer.apply(gradients, trainable)
    logs: dict[str, Any] = model.compute_metrics(x, y, answers, sample_weight)
    return logs
