"""What changed in TensorFlow Serving up to commit 9d981c5c of 2026-07-30.

Each test names the file below tensorflow_serving/ and the line there; docs/serving_contract.md has
the table of all of them.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from contract_grpc import GrpcApi, predict_request
from contract_lifecycle import Reloader
from contract_rest import RestApi
from grpc import StatusCode
from tensorflow.core.example.example_pb2 import Example
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest


def echo(rest_api: RestApi, signature: str, literal: str) -> Any:
    body = f'{{"signature_name": "{signature}", "inputs": {literal}}}'
    return rest_api.post("/v1/models/echo:predict", body)


@pytest.mark.parametrize(
    ("signature", "literal", "written"),
    [
        ("float", "1435774380", "1.43577434e+09"),
        ("float", "1435774380.0", "1.43577434e+09"),
        ("float", "16777217", "16777216.0"),
        ("float", "-16777217", "-16777216.0"),
        ("float", "18446744073709551615", "1.84467441e+19"),
        ("double", "9007199254740993", "9007199254740992.0"),
        ("float", "3.5e38", "Infinity"),
        ("float", "-1.7976931348623157e308", "-Infinity"),
        ("float", "2.2250738585072014e-308", "0.0"),
        ("float", "-2.2250738585072014e-308", "-0.0"),
    ],
)
def test_numbers_are_rounded_to_the_type(
    rest_api: RestApi, signature: str, literal: str, written: str
) -> None:
    """util/json_tensor.cc:295; json_tensor_test.cc:183, 224 and 261."""
    reply = echo(rest_api, signature, f"[{literal}]")
    assert reply.status == 200
    (found,) = reply.json["outputs"]
    kind = np.float32 if signature == "float" else np.float64
    expected = kind(float(written))
    assert kind(found) == expected
    assert np.signbit(kind(found)) == np.signbit(expected)


def test_numbers_of_examples_are_rounded_too(rest_api: RestApi) -> None:
    """util/json_tensor.cc:779."""
    payload = '{"signature_name": "regress_x_to_y", "examples": [{"x": -1e300}]}'
    assert rest_api.regress("half_plus_two", payload).json == {"results": [-np.inf]}


def test_a_number_beyond_a_double_is_no_json(rest_api: RestApi) -> None:
    """util/json_tensor.cc:486: the parser's own error."""
    reply = echo(rest_api, "double", "[1e999]")
    assert reply.status == 400
    assert "Number too big to be stored in double." in reply.error


@pytest.mark.parametrize("more", ["more", "{", "]", '{"instances": [2.0]}', "\xff"])
def test_bytes_after_the_object_are_ignored(rest_api: RestApi, more: str) -> None:
    """util/json_tensor.cc:485, kParseStopWhenDoneFlag."""
    body = b'{"instances": [1.0]} ' + more.encode("latin-1")
    reply = rest_api.request("POST", "/v1/models/half_plus_two:predict", body)
    assert (reply.status, reply.json) == (200, {"predictions": [2.5]})


@pytest.mark.parametrize("depth", [1_000, 500_000])
def test_a_member_that_nobody_reads_nests_at_any_depth(rest_api: RestApi, depth: int) -> None:
    """util/json_tensor.cc:483, kParseIterativeFlag; json_tensor_test.cc:87."""
    body = '{"instances": [1.0], "nested": ' + "[" * depth + "]" * depth + "}"
    reply = rest_api.post("/v1/models/half_plus_two:predict", body)
    assert (reply.status, reply.json) == (200, {"predictions": [2.5]})


def test_a_signature_s_name_that_nests_deep(rest_api: RestApi) -> None:
    """util/json_tensor_test.cc:104, DeeplyNestedMalformed."""
    body = '{"signature_name": ' + "[" * 500_000 + "]" * 500_000 + "}"
    reply = rest_api.post("/v1/models/half_plus_two:predict", body)
    assert reply.status == 400
    assert reply.error.endswith("'signature_name' key must be a string value.")


def test_a_quoted_value_ends_after_256_bytes(rest_api: RestApi) -> None:
    """util/json_tensor.cc:225 and 229: arrays on one line, up to the token that fills the limit."""
    payload = json.dumps({"instances": [1.0] * 100, "inputs": [1.0]})
    quoted = '{\n    "instances": [' + "1.0, " * 47 + "1.0"
    message = f"JSON Value: {quoted} Not formatted correctly expecting only"
    reply = rest_api.post("/v1/models/half_plus_two:predict", payload)
    assert reply.status == 400
    assert reply.error.startswith(message)


def test_a_quoted_value_ends_at_what_json_cannot_say(rest_api: RestApi) -> None:
    """util/json_tensor.cc:234: Accept stops where the writer refuses NaN."""
    reply = echo(rest_api, "int32", "[NaN]")
    message = "JSON Value:  Type: Number is not of expected type: int32"
    assert (reply.status, reply.error) == (400, message)


def test_instances_that_are_no_list(rest_api: RestApi) -> None:
    """util/json_tensor.cc:684."""
    reply = rest_api.post("/v1/models/half_plus_two:predict", '{"instances": 5}')
    message = "JSON Value: {\n    \"instances\": 5\n} Expecting 'instances' to be an list/array"
    assert (reply.status, reply.error) == (400, message)


@pytest.mark.parametrize("method", ["classify", "regress"])
def test_features_beyond_int64(rest_api: RestApi, method: str) -> None:
    """util/json_tensor.cc:785."""
    payload = '{"examples": [{"names": [20, 18446744073709551603]}]}'
    reply = rest_api.post(f"/v1/models/half_plus_two:{method}", payload)
    message = "Feature: names has uint64_t element. Only int64_t is supported."
    assert (reply.status, reply.error) == (400, message)


@pytest.mark.parametrize(
    ("origin", "status"),
    [(None, 400), ("", 400), ("example.org", 400), ("http://a.org", 200), ("https://a.org", 200)],
)
def test_a_preflight_needs_an_origin(rest_api: RestApi, origin: str | None, status: int) -> None:
    """model_servers/http_server.cc:170: with or without CORS, of any path of the API."""
    headers = {} if origin is None else {"Origin": origin}
    for path in ("/v1/models/half_plus_two:predict", "/v1/no/such/call"):
        reply = rest_api.request("OPTIONS", path, None, headers)
        assert (reply.status, reply.body) == (status, b"")
        assert reply.headers["Content-Type"] is None


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("GET", "/v2/models"), ("PUT", "/v1")])
def test_what_is_no_path_of_the_api(rest_api: RestApi, method: str, path: str) -> None:
    """util/net_http/server/internal/evhttp_server.cc:176, libevent's own page of HTML."""
    reply = rest_api.request(method, path)
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "text/html"
    assert b"<TITLE>404 Not Found</TITLE>" in reply.body


@pytest.mark.parametrize("length", [1024, 1025, 5000])
def test_long_grpc_messages_are_truncated(grpc_api: GrpcApi, length: int) -> None:
    """model_servers/grpc_status_util.cc:25."""
    before, after = 'Serving signature key "', '" not found.'
    name = "s" * (length - len(before) - len(after))
    message = before + name + after
    request = predict_request("half_plus_two", {"x": [1.0]}, signature=name)
    expected = message if length <= 1024 else message[:1024] + "...TRUNCATED"
    found = grpc_api.error(grpc_api.prediction.Predict, request)
    assert found == (StatusCode.FAILED_PRECONDITION, expected)


def multi_request(model: str, tasks: dict[str, str], example: Example) -> MultiInferenceRequest:
    """Tasks are signature -> the last word of its method."""
    request = MultiInferenceRequest()
    for signature, method in tasks.items():
        task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
        task.model_spec.name = model
        task.model_spec.signature_name = signature
    request.input.example_list.examples.append(example)
    return request


def test_signatures_with_inputs_of_their_own_are_run_together(grpc_api: GrpcApi) -> None:
    """servables/tensorflow/multi_inference.cc:84, util.cc:250: each input gets the examples."""
    example = Example()
    example.features.feature["word"].bytes_list.value.append(b"banana")
    tasks = {"classify": "classify", "classify_other": "classify"}
    request = multi_request("lookup", tasks, example)
    results = grpc_api.call(grpc_api.prediction.MultiInference, request).results
    scores = [
        [each.score for each in result.classification_result.classifications[0].classes]
        for result in results
    ]
    assert scores == [[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]]


def test_an_input_that_takes_no_examples_is_the_graph_s_error(grpc_api: GrpcApi) -> None:
    """servables/tensorflow/multi_inference.cc:84: nothing compares the inputs any more."""
    example = Example()
    example.features.feature["x"].float_list.value.append(2.0)
    tasks = {"regress_x_to_y": "regress", "regress_x2_to_y3": "regress"}
    request = multi_request("half_plus_two", tasks, example)
    code, message = grpc_api.error(grpc_api.prediction.MultiInference, request)
    assert code is StatusCode.INVALID_ARGUMENT
    assert "Input tensor must be the same" not in message


def test_a_reload_tells_how_metrics_grew(
    grpc_api: GrpcApi, reload: Reloader, models: Path, own_model: Any
) -> None:
    """model_servers/model_service_impl.cc:84 and 108."""
    names = ["/tensorflow/serving/no_such_metric", "/tensorflow/serving/request_latency"]
    request: ReloadConfigRequest = reload.request([])
    request.metric_names.extend(names)
    response = grpc_api.call(grpc_api.models.HandleReloadConfigRequest, request)
    assert {each.name: each.int64_value_increase for each in response.metric} == dict.fromkeys(
        names, 0
    )
