"""What a SavedModel answers to rows of the log, whose values serving fixes otherwise."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from infnet_keras.export.examples import parse_examples
from infnet_keras.features import RawInput

Tensors = Mapping[str, tf.Tensor]


def logged_signature(
    transform: Callable[[Tensors], Tensors],
    model: Any,
    inputs: Sequence[RawInput],
    at: Callable[[str], None] = lambda what: None,
) -> Any:
    """The function `logged`: `serving_default`, but for rows whose every column the log holds.

    A pipeline measures the model by it, on what it learned from: with the position at which an item
    was shown, not with the one that serving takes for all of them. No request needs it.

    Args:
        transform: raw values by served name -> ids.
        model: a built float32 model on the TensorFlow backend.
        inputs: the raw inputs of a row of the log, under the names that they are served by.
        at: called with what is traced next, when it is.

    Returns:
        A tf.function of `examples`, serialised tf.Examples [batch]: task -> answer [batch].
    """

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string, name="examples")], autograph=False
    )
    def logged(examples: tf.Tensor) -> Tensors:
        at("tracing logged")
        outputs = model(transform(parse_examples(examples, inputs)), training=False)
        return {task: tf.cast(value, tf.float32) for task, value in outputs.items()}

    return logged
