"""The model that hostile requests are sent to: every kind of input, of known and unknown shape."""

from pathlib import Path
from typing import Any

import tensorflow as tf

NAME = "hostile"
KINDS = {"text": tf.string, "count": tf.int64, "value": tf.float32, "flag": tf.bool}
# What a request that is right asks, and what it is answered.
GOOD_INPUTS: dict[str, list[Any]] = {
    "text": ["a", "b"],
    "count": [1, -2],
    "value": [0.5, 3.0],
    "flag": [True, False],
}
GOOD_OUTPUT = [3.75, 3.5]


def write_hostile_model(path: Path) -> None:
    """Write a SavedModel.

    Its signatures: `serving_default` takes one value of each kind for each row and answers
    `0.5 * value + 2`, plus 1.5 where the row's text is "a"; `value`, `text`, ... answer their only
    input `x`, of any shape; `regress` and `classify` take serialised examples.
    """
    signatures = {
        kind: tf.function(lambda x: {"y": tf.identity(x)}).get_concrete_function(
            tf.TensorSpec(None, dtype, name="x")
        )
        for kind, dtype in KINDS.items()
    }
    signatures["serving_default"] = tf.function(_all_kinds).get_concrete_function(
        **{kind: tf.TensorSpec([None], dtype, name=kind) for kind, dtype in KINDS.items()}
    )
    examples = tf.TensorSpec([None], tf.string, name="inputs")
    signatures["regress"] = tf.function(_regress).get_concrete_function(examples)
    signatures["classify"] = tf.function(_classify).get_concrete_function(examples)
    tf.saved_model.save(tf.Module(), str(path), signatures)


def _all_kinds(
    text: tf.Tensor, count: tf.Tensor, value: tf.Tensor, flag: tf.Tensor
) -> dict[str, tf.Tensor]:
    is_a = tf.cast(tf.equal(text, "a"), tf.float32)
    unused = 0.0 * tf.cast(count, tf.float32) + 0.0 * tf.cast(flag, tf.float32)
    return {"score": 0.5 * value + 2.0 + 1.5 * is_a + unused}


def _regress(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"outputs": _feature(inputs)}


def _classify(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    return {"scores": tf.stack([_feature(inputs), -_feature(inputs)], axis=1)}


def _feature(examples: tf.Tensor) -> tf.Tensor:
    feature = tf.io.FixedLenFeature([], tf.float32, default_value=0.0)
    return tf.io.parse_example(examples, {"value": feature})["value"]
