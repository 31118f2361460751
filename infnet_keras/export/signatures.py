"""What a SavedModel serves: raw values in, answers out, the transform inside."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from infnet_keras.export.examples import parse_examples
from infnet_keras.features import RawInput
from infnet_keras.served_names import CANDIDATE_COUNT

Tensors = Mapping[str, tf.Tensor]


class ServingModule(tf.Module):
    """The root of the SavedModel: the transform, the model's weights, the files they came from.

    The Keras model itself is not tracked, only its weights: nothing of an optimiser, a metric or a
    random seed reaches the SavedModel.

    Args:
        transform: raw values -> ids.
        model: a built model on the TensorFlow backend.
        files: copied into the SavedModel's assets.
    """

    def __init__(self, transform: tf.Module, model: Any, files: Sequence[Path]) -> None:
        super().__init__(name="serving")
        self.transform = transform
        self.model_variables = {weight.path: weight.value for weight in model.weights}
        self.files = [tf.saved_model.Asset(str(file)) for file in files]


def signatures(
    transform: Callable[[Tensors], Tensors],
    model: Any,
    inputs: Sequence[RawInput],
    at: Callable[[str], None] = lambda what: None,
) -> dict[str, Any]:
    """The functions that a SavedModel serves.

    - `serving_default`: `examples`, serialised tf.Examples, string [batch]; see `example_spec`.
    - `predict`: the raw inputs by name, [batch]; sequences [batch, n] with their lengths.
    - `rank`: the same, the items' inputs being [requests, candidates], and `candidate_count`,
      int64 [requests]. Absent where the spec has no field of side item.

    - `attention`: as `predict`. Absent where the model's tasks attend to nothing.

    The first three return task -> float32, the probability of a binary task or a regression's
    number in the label's own unit: [batch], for `rank` [requests, candidates],
    where what is past a request's `candidate_count` is 0. `attention` returns task -> float32
    weights [batch, tokens] of the task's query in the last block, over the tokens that
    `spec.model.positions(spec)` names. Batch, requests, candidates and n are free.

    Args:
        transform: raw values by served name -> ids; each value keeps its leading axes.
        model: a built float32 model on the TensorFlow backend, with `score_candidates`.
        inputs: the raw inputs of a request, under the names that they are served by.
        at: called with what is traced next, when it is.

    Returns:
        Name -> tf.function with a fixed input signature.
    """

    # Nothing in transforms and models branches on a tensor: AutoGraph would only cost time.
    @tf.function(input_signature=[_tensor_specs(inputs, ranking=False)], autograph=False)
    def predict(raw: Tensors) -> Tensors:
        at("tracing predict")
        return _float32(model(transform(raw), training=False))

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string, name="examples")], autograph=False
    )
    def serving_default(examples: tf.Tensor) -> Tensors:
        at("tracing serving_default")
        answers: Tensors = predict(parse_examples(examples, inputs))
        return answers

    @tf.function(input_signature=[_tensor_specs(inputs, ranking=True)], autograph=False)
    def rank(raw: Tensors) -> Tensors:
        at("tracing rank")
        values = {name: value for name, value in raw.items() if name != CANDIDATE_COUNT}
        scores = _float32(model.score_candidates(transform(values)))
        return {task: _within(raw[CANDIDATE_COUNT], score) for task, score in scores.items()}

    @tf.function(input_signature=[_tensor_specs(inputs, ranking=False)], autograph=False)
    def attention(raw: Tensors) -> Tensors:
        at("tracing attention")
        weights = model.token_weights(transform(raw))
        return _float32({task: weights[:, i] for i, task in enumerate(model.tasks)})

    functions = {"serving_default": serving_default, "predict": predict}
    if any(i.side == "item" for i in inputs):
        functions["rank"] = rank
    if model.attends:
        functions["attention"] = attention
    return functions


def _tensor_specs(inputs: Sequence[RawInput], ranking: bool) -> dict[str, tf.TensorSpec]:
    specs = {}
    for raw in inputs:
        two_axes = raw.kind == "sequence" or (ranking and raw.side == "item")
        shape = [None, None] if two_axes else [None]
        specs[raw.name] = tf.TensorSpec(shape, tf.as_dtype(raw.dtype), name=raw.name)
    if ranking:
        specs[CANDIDATE_COUNT] = tf.TensorSpec([None], tf.int64, name=CANDIDATE_COUNT)
    return specs


def _float32(outputs: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    return {task: tf.cast(value, tf.float32) for task, value in outputs.items()}


def _within(counts: tf.Tensor, scores: tf.Tensor) -> tf.Tensor:
    """Zero the scores [requests, candidates] of what is past each request's count."""
    listed = tf.sequence_mask(counts, tf.shape(scores)[1])
    return tf.where(listed, scores, tf.zeros_like(scores))
