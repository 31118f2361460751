"""Classify, Regress and MultiInference over gRPC.

Sources: model_servers/tensorflow_model_server_test.py, servables/tensorflow/classifier.cc,
regressor.cc, multi_inference.cc, multi_inference_helper.cc, util.cc.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from contract_grpc import GrpcApi
from grpc import StatusCode
from tensorflow.core.example.example_pb2 import Example
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest
from tensorflow_serving.apis.regression_pb2 import RegressionRequest

CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"


def example(**features: float | bytes) -> Example:
    """One float or one string a feature."""
    made = Example()
    for name, value in features.items():
        feature = made.features.feature[name]
        kind = feature.bytes_list if isinstance(value, bytes) else feature.float_list
        kind.value.append(value)
    return made


def request_of(
    kind: type[Any], model: str, signature: str, examples: Sequence[Example] = ()
) -> Any:
    request = kind()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    request.input.example_list.examples.extend(examples)
    return request


def multi_request(
    tasks: Sequence[tuple[str, str, str]], examples: Sequence[Example]
) -> MultiInferenceRequest:
    """Tasks are (model, signature, method)."""
    request = MultiInferenceRequest()
    for model, signature, method in tasks:
        task = request.tasks.add(method_name=method)
        task.model_spec.name = model
        task.model_spec.signature_name = signature
    request.input.example_list.examples.extend(examples)
    return request


def spec_of(response: Any) -> tuple[str, str, int]:
    spec = response.model_spec
    return spec.name, spec.signature_name, spec.version.value


def test_regress(grpc_api: GrpcApi) -> None:
    examples = [example(x=2.0), example(x=80.0)]
    request = request_of(RegressionRequest, "half_plus_two", "regress_x_to_y", examples)
    response = grpc_api.call(grpc_api.prediction.Regress, request)
    assert [each.value for each in response.result.regressions] == [3.0, 42.0]
    assert spec_of(response) == ("half_plus_two", "regress_x_to_y", 123)


def test_classify(grpc_api: GrpcApi) -> None:
    request = request_of(ClassificationRequest, "lookup", "classify", [example(word=b"banana")])
    response = grpc_api.call(grpc_api.prediction.Classify, request)
    (classifications,) = response.result.classifications
    assert [(each.label, each.score) for each in classifications.classes] == [
        ("apple", 0.0),
        ("banana", 1.0),
        ("cherry", 0.0),
    ]
    assert spec_of(response) == ("lookup", "classify", 1)


def test_classify_without_labels(grpc_api: GrpcApi) -> None:
    examples = [example(x=2.0), example(x=4.0)]
    request = request_of(ClassificationRequest, "half_plus_two", "classify_x_to_y", examples)
    result = grpc_api.call(grpc_api.prediction.Classify, request).result
    found = [[(each.label, each.score) for each in c.classes] for c in result.classifications]
    assert found == [[("", 3.0)], [("", 4.0)]]


@pytest.mark.parametrize("version", [None, 123])
def test_the_context_belongs_to_every_example(grpc_api: GrpcApi, version: int | None) -> None:
    request = request_of(RegressionRequest, "half_plus_two", "regress_x_to_y")
    if version is not None:
        request.model_spec.version.value = version
    request.input.example_list_with_context.context.CopyFrom(example(x=2.0))
    request.input.example_list_with_context.examples.extend([example(), example(other=b"a")])
    response = grpc_api.call(grpc_api.prediction.Regress, request)
    assert [each.value for each in response.result.regressions] == [3.0, 3.0]


@pytest.mark.parametrize("method", ["Classify", "Regress"])
@pytest.mark.parametrize(
    ("model", "signature", "examples", "code", "message"),
    [
        (
            "half_plus_two",
            "absent",
            [example(x=1.0)],
            StatusCode.INVALID_ARGUMENT,
            "No signature was found with the name: absent",
        ),
        (
            "absent",
            "",
            [example(x=1.0)],
            StatusCode.NOT_FOUND,
            "Servable not found for request: Latest(absent)",
        ),
        ("", "", [example(x=1.0)], StatusCode.INVALID_ARGUMENT, "ModelSpec has no name specified."),
    ],
    ids=["signature", "model", "no name"],
)
def test_what_is_not_served(
    grpc_api: GrpcApi,
    method: str,
    model: str,
    signature: str,
    examples: list[Example],
    code: StatusCode,
    message: str,
) -> None:
    kind = {"Classify": ClassificationRequest, "Regress": RegressionRequest}[method]
    request = request_of(kind, model, signature, examples)
    assert grpc_api.error(getattr(grpc_api.prediction, method), request) == (code, message)


@pytest.mark.parametrize(
    ("method", "kind", "signature"),
    [
        ("Classify", ClassificationRequest, "classify_x_to_y"),
        ("Regress", RegressionRequest, "regress_x_to_y"),
    ],
)
def test_there_must_be_examples(
    grpc_api: GrpcApi, method: str, kind: type[Any], signature: str
) -> None:
    request = request_of(kind, "half_plus_two", signature)
    found = grpc_api.error(getattr(grpc_api.prediction, method), request)
    assert found == (StatusCode.INVALID_ARGUMENT, "Input is empty.")


@pytest.mark.parametrize(
    ("method", "kind"), [("Classify", ClassificationRequest), ("Regress", RegressionRequest)]
)
def test_no_model_spec(grpc_api: GrpcApi, method: str, kind: type[Any]) -> None:
    found = grpc_api.error(getattr(grpc_api.prediction, method), kind())
    assert found == (StatusCode.INVALID_ARGUMENT, "Missing ModelSpec")


@pytest.mark.parametrize(
    ("method", "kind"), [("Classify", ClassificationRequest), ("Regress", RegressionRequest)]
)
def test_a_predict_signature_takes_no_examples(
    grpc_api: GrpcApi, method: str, kind: type[Any]
) -> None:
    """servables/tensorflow/classifier.cc:196, regressor.cc:188."""
    request = request_of(kind, "half_plus_two", "serving_default", [example(x=1.0)])
    code, message = grpc_api.error(getattr(grpc_api.prediction, method), request)
    kind = {"Classify": "classification", "Regress": "regression"}[method]
    assert code is StatusCode.INVALID_ARGUMENT
    assert message.startswith(f"No {kind} inputs found in SignatureDef: ")


def test_a_feature_of_another_type(grpc_api: GrpcApi) -> None:
    request = request_of(RegressionRequest, "half_plus_two", "regress_x_to_y", [example(x=b"two")])
    code, _ = grpc_api.error(grpc_api.prediction.Regress, request)
    assert code == StatusCode.INVALID_ARGUMENT


def test_multi_inference(grpc_api: GrpcApi) -> None:
    tasks = [
        ("half_plus_two", "regress_x_to_y", REGRESS),
        ("half_plus_two", "classify_x_to_y", CLASSIFY),
        ("half_plus_two", "regress_x_to_y2", REGRESS),
    ]
    request = multi_request(tasks, [example(x=2.0), example(x=4.0)])
    response = grpc_api.call(grpc_api.prediction.MultiInference, request)
    first, second, third = response.results
    assert [each.value for each in first.regression_result.regressions] == [3.0, 4.0]
    classifications = second.classification_result.classifications
    assert [each.classes[0].score for each in classifications] == [3.0, 4.0]
    assert [each.value for each in third.regression_result.regressions] == [4.0, 5.0]
    assert [spec_of(each) for each in response.results] == [
        ("half_plus_two", "regress_x_to_y", 123),
        ("half_plus_two", "classify_x_to_y", 123),
        ("half_plus_two", "regress_x_to_y2", 123),
    ]


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (
            {1: ("half_plus_two", "regress_x_to_y", REGRESS)},
            StatusCode.INVALID_ARGUMENT,
            "Duplicate evaluation of signature: regress_x_to_y",
        ),
        (
            {1: ("lookup", "classify", CLASSIFY)},
            StatusCode.INVALID_ARGUMENT,
            "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
        ),
        (
            {1: ("", "classify_x_to_y", CLASSIFY)},
            StatusCode.INVALID_ARGUMENT,
            "Found ModelSpec with an empty model name.",
        ),
        (
            {1: ("half_plus_two", "absent", CLASSIFY)},
            StatusCode.INVALID_ARGUMENT,
            "Requested signature not found in model graph: absent",
        ),
        (
            {1: ("half_plus_two", "serving_default", "tensorflow/serving/predict")},
            StatusCode.UNIMPLEMENTED,
            "Unsupported signature method_name: tensorflow/serving/predict",
        ),
        (
            {0: ("absent", "regress_x_to_y", REGRESS)},
            StatusCode.NOT_FOUND,
            "Servable not found for request: Latest(absent)",
        ),
        (
            {0: ("", "regress_x_to_y", REGRESS)},
            StatusCode.INVALID_ARGUMENT,
            "ModelSpec has no name specified.",
        ),
    ],
    ids=str,
)
def test_tasks_that_do_not_go_together(
    grpc_api: GrpcApi,
    changes: Mapping[int, tuple[str, str, str]],
    code: StatusCode,
    message: str,
) -> None:
    tasks = {
        0: ("half_plus_two", "regress_x_to_y", REGRESS),
        1: ("half_plus_two", "classify_x_to_y", CLASSIFY),
        **changes,
    }
    request = multi_request(list(tasks.values()), [example(x=2.0)])
    assert grpc_api.error(grpc_api.prediction.MultiInference, request) == (code, message)


def test_no_tasks(grpc_api: GrpcApi) -> None:
    request = multi_request([], [example(x=2.0)])
    found = grpc_api.error(grpc_api.prediction.MultiInference, request)
    assert found == (StatusCode.INVALID_ARGUMENT, "ModelSpec has no name specified.")


def test_multi_inference_without_examples(grpc_api: GrpcApi) -> None:
    request = multi_request([("half_plus_two", "regress_x_to_y", REGRESS)], [])
    found = grpc_api.error(grpc_api.prediction.MultiInference, request)
    assert found == (StatusCode.INVALID_ARGUMENT, "Input is empty.")
