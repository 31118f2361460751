"""Classify and Regress over REST: examples as JSON objects.

Sources: g3doc/api_rest.md, util/json_tensor.cc and its test, http_rest_api_handler_test.cc.
"""

from typing import Any

import pytest
from contract_rest import RestApi


def test_regress_answers_one_number_an_example(rest_api: RestApi) -> None:
    payload = {"signature_name": "regress_x_to_y", "examples": [{"x": 80.0}, {"x": [2.0]}]}
    reply = rest_api.regress("half_plus_two", payload)
    assert (reply.status, reply.json) == (200, {"results": [42.0, 3.0]})
    assert reply.headers["Content-Type"] == "application/json"


def test_classify_answers_labels_and_scores(rest_api: RestApi) -> None:
    payload = {"signature_name": "classify", "examples": [{"word": "banana"}, {"word": "x"}]}
    assert rest_api.classify("lookup", payload).json == {
        "results": [
            [["apple", 0.0], ["banana", 1.0], ["cherry", 0.0]],
            [["apple", 0.0], ["banana", 0.0], ["cherry", 0.0]],
        ]
    }


def test_labels_may_be_missing(rest_api: RestApi) -> None:
    payload = {"signature_name": "classify_x_to_y", "examples": [{"x": 20.0}, {"x": 10.0}]}
    reply = rest_api.classify("half_plus_two", payload)
    assert reply.json == {"results": [[["", 12.0]], [["", 7.0]]]}


def test_scores_may_be_missing(rest_api: RestApi) -> None:
    payload = {"signature_name": "classify_labels", "examples": [{"word": "apple"}]}
    reply = rest_api.classify("lookup", payload)
    assert reply.json == {"results": [[["apple", 0.0], ["banana", 0.0], ["cherry", 0.0]]]}


def test_the_context_belongs_to_every_example(rest_api: RestApi) -> None:
    payload = {
        "signature_name": "regress_x_to_y",
        "context": {"x": 2.0, "other": ["a", {"b64": "YQ=="}]},
        "examples": [{}, {"another": 1}],
    }
    assert rest_api.regress("half_plus_two", payload).json == {"results": [3.0, 3.0]}


def test_strings_may_be_base64(rest_api: RestApi) -> None:
    payload = {"signature_name": "classify", "examples": [{"word": {"b64": "YXBwbGU="}}]}
    scores = [score for _, score in rest_api.classify("lookup", payload).json["results"][0]]
    assert scores == [1.0, 0.0, 0.0]


def test_numbers_that_are_not_finite_are_read_and_written(rest_api: RestApi) -> None:
    body = """{"signature_name": "regress_x_to_y",
        "examples": [{"x": NaN}, {"x": Infinity}, {"x": -Infinity}, {"x": [1.0]}]}"""
    reply = rest_api.regress("half_plus_two", body)
    assert reply.status == 200
    text = "".join(reply.body.decode().split())
    assert text == '{"results":[NaN,Infinity,-Infinity,2.5]}'


def test_a_version_can_be_asked_for(rest_api: RestApi) -> None:
    path = "/v1/models/half_plus_two/versions/123:regress"
    payload = {"signature_name": "regress_x_to_y", "examples": [{"x": 80.0}]}
    assert rest_api.post(path, payload).json == {"results": [42.0]}


def test_whole_numbers_are_int64(rest_api: RestApi) -> None:
    payload = {"signature_name": "regress_x_to_y", "examples": [{"x": 2}]}
    reply = rest_api.regress("half_plus_two", payload)
    assert reply.status == 400
    # The text is tf.parse_example's, with the numbers of its own time.
    assert "x" in reply.error
    assert "int64" in reply.error


@pytest.mark.parametrize("method", ["classify", "regress"])
@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"signature_name": ["a"], "examples": [{}]}, "'signature_name' key must be a string"),
        ({"context": [{}], "examples": [{}]}, "Example must be JSON object but got JSON Array"),
        ({}, "When method is classify, key 'examples' is expected and was not found"),
        ({"examples": {}}, "Expecting 'examples' value to be an list/array"),
        ({"examples": []}, "'examples' value is an empty array"),
        ({"examples": [[{}]]}, "Example must be JSON object but got JSON Array"),
        (
            {"examples": [{"names": [10, None]}]},
            "Feature: names has element with unexpected JSON type: Null",
        ),
        (
            {"examples": [{"names": [10, 10.0]}]},
            "Unexpected element type in feature: names expecting type: int64",
        ),
        (
            {"examples": [{"names": [1.0, "a"]}]},
            "Unexpected element type in feature: names expecting type: float",
        ),
        (
            {"examples": [{"names": ["a", True]}]},
            "Unexpected element type in feature: names expecting type: bytes",
        ),
        (
            {"examples": [{"names": [10, {"test": 10}]}]},
            "Feature: names has element with unexpected JSON type: Object",
        ),
        (
            {"examples": [{"names": [[10], 20]}]},
            "Feature: names has element with unexpected JSON type: Array",
        ),
        (
            {"examples": [{"names": [20, 18446744073709551603]}]},
            "Feature: names has uint64_t element. Only int64_t is supported.",
        ),
        ({"examples": [{"names": {"b64": "*"}}]}, "Unable to base64 decode"),
        (
            {"signature_name": "absent", "examples": [{}]},
            "No signature was found with the name: absent",
        ),
    ],
    ids=str,
)
def test_requests_that_do_not_fit_are_400(
    rest_api: RestApi, method: str, payload: dict[str, Any], message: str
) -> None:
    reply = rest_api.post(f"/v1/models/half_plus_two:{method}", payload)
    assert reply.status == 400
    assert message in reply.error


@pytest.mark.parametrize("method", ["classify", "regress"])
def test_a_predict_signature_takes_no_examples(rest_api: RestApi, method: str) -> None:
    # Method names are not compared by default (main.cc, enable_signature_method_name_check);
    # classifier.cc and regressor.cc then miss the input of their own name.
    reply = rest_api.post(f"/v1/models/half_plus_two:{method}", {"examples": [{"x": 1.0}]})
    assert reply.status == 400


@pytest.mark.parametrize("method", ["classify", "regress"])
def test_an_unknown_model_is_404(rest_api: RestApi, method: str) -> None:
    reply = rest_api.post(f"/v1/models/absent:{method}", {"examples": [{"x": 1.0}]})
    message = "Servable not found for request: Latest(absent)"
    assert (reply.status, reply.error) == (404, message)
