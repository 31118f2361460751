"""Classify: examples in, classes with scores out."""

from collections.abc import Mapping

from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.classification_pb2 import (
    ClassificationRequest,
    ClassificationResponse,
    ClassificationResult,
)

from serving.inference.example_runs import ExampleRun, run_examples
from serving.inference.response_spec import fill_model_spec
from serving.inference.signatures import check_method_name, signature_of_examples
from serving.saved_model.data_types import data_type_of
from serving.saved_model.servable import CLASSIFY_METHOD, Servable
from serving.saved_model.session import Array
from serving.status import invalid_argument

_INPUTS, _CLASSES, _SCORES = "inputs", "classes", "scores"


def classify(
    servable: Servable, request: ClassificationRequest, deadline: float | None = None
) -> ClassificationResponse:
    """Answer a Classify request.

    Args:
        servable: the version that the request asks for.
        request: a list of examples.
        deadline: seconds of `time.monotonic()`.

    Returns:
        For each example the label and the score of every class, whichever the signature has.

    Raises:
        StatusError: the signature cannot classify, or the graph failed.

    Source:
        TensorFlow Serving, servables/tensorflow/classifier.cc.
    """
    signature = signature_of_examples(servable, request.model_spec.signature_name)
    run = classification_run(servable, signature)
    count, results = run_examples(servable, "Classify", request.input, run, deadline)
    response = ClassificationResponse()
    fill_model_spec(response.model_spec, request.model_spec, servable)
    response.result.CopyFrom(classification_result(signature, count, results))
    return response


def classification_run(servable: Servable, signature: SignatureDef) -> ExampleRun:
    """The input tensor and the output tensors that classifying with a signature takes.

    Raises:
        StatusError: the signature cannot classify.
    """
    check_method_name(servable, signature, CLASSIFY_METHOD, "classification")
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if len(signature.outputs) not in (1, 2):
        raise invalid_argument(
            f"Expected one or two output Tensors, found {len(signature.outputs)}"
        )
    if _INPUTS not in signature.inputs:
        raise invalid_argument(f"No classification inputs found in SignatureDef: {signature}")
    outputs = [name for name in (_CLASSES, _SCORES) if name in signature.outputs]
    if not outputs:
        raise invalid_argument(
            "Expected classification signature outputs to contain at least one of "
            f'"{_CLASSES}" or "{_SCORES}". Signature was: {signature}'
        )
    return ExampleRun(
        (signature.inputs[_INPUTS].name,), tuple(signature.outputs[name].name for name in outputs)
    )


def classification_result(
    signature: SignatureDef, count: int, results: Mapping[str, Array]
) -> ClassificationResult:
    """The result of `count` examples from the tensors that `classification_run` names.

    Raises:
        StatusError: a tensor has another shape or type than classes and scores have.
    """
    found = {
        name: results[signature.outputs[name].name]
        for name in (_CLASSES, _SCORES)
        if name in signature.outputs
    }
    for name, data_type in ((_CLASSES, types_pb2.DT_STRING), (_SCORES, types_pb2.DT_FLOAT)):
        if name in found:
            _check(name, found[name], data_type, count)
    classes, scores = found.get(_CLASSES), found.get(_SCORES)
    if classes is not None and scores is not None and classes.shape[1] != scores.shape[1]:
        raise invalid_argument(
            "Tensors class and score should match in dim_size(1). Got "
            f"{classes.shape[1]} vs. {scores.shape[1]}"
        )
    result = ClassificationResult()
    for row in range(count):
        classifications = result.classifications.add()
        for column in range(next(iter(found.values())).shape[1]):
            added = classifications.classes.add()
            if classes is not None:
                added.label = _label(classes[row, column])
            if scores is not None:
                added.score = scores[row, column]
    return result


def _check(name: str, tensor: Array, data_type: int, count: int) -> None:
    if tensor.ndim != 2:
        raise invalid_argument(
            f"Expected Tensor shape: [batch_size num_classes] but got {_shape(tensor)}"
        )
    if data_type_of(tensor.dtype) != data_type:
        raise invalid_argument(
            f"Expected {name} Tensor of {types_pb2.DataType.Name(data_type)}. Got: "
            f"{types_pb2.DataType.Name(data_type_of(tensor.dtype))}"
        )
    if len(tensor) != count:
        raise invalid_argument(f"Expected {name} output batch size of {count}. Got: {len(tensor)}")


def _label(label: bytes) -> str:
    try:
        return label.decode()
    except UnicodeDecodeError as error:
        raise invalid_argument(f"The class label {label!r} is not UTF-8") from error


def _shape(tensor: Array) -> str:
    return f"[{','.join(map(str, tensor.shape))}]"
