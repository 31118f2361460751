"""Predict over REST: rows and columns in, rows and columns out, and what does not fit.

Sources: g3doc/api_rest.md, util/json_tensor.cc and its test.
"""

from typing import Any

import pytest
from contract_rest import RestApi

TOGETHER = [
    {"float": 1.5, "int64": -3, "string": "a", "bool": True},
    {"float": 2.0, "int64": 4, "string": "b", "bool": False},
]


def test_rows_of_one_input_need_no_name(rest_api: RestApi) -> None:
    reply = rest_api.predict("half_plus_two", {"instances": [1.0, 2.0, 5.0]})
    assert (reply.status, reply.json) == (200, {"predictions": [2.5, 3.0, 4.5]})


def test_columns_of_one_input_need_no_name(rest_api: RestApi) -> None:
    reply = rest_api.predict("half_plus_two", {"inputs": [1.0, 2.0, 5.0]})
    assert (reply.status, reply.json) == (200, {"outputs": [2.5, 3.0, 4.5]})


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ({"instances": [{"x": 1.0}, {"x": 2.0}]}, {"predictions": [2.5, 3.0]}),
        ({"inputs": {"x": [1.0, 2.0]}}, {"outputs": [2.5, 3.0]}),
        ({"instances": [[1.0, 2.0], [3.0, 4.0]]}, {"predictions": [[2.5, 3.0], [3.5, 4.0]]}),
        ({"inputs": [[[1.0]], [[2.0]]]}, {"outputs": [[[2.5]], [[3.0]]]}),
        ({"signature_name": "serving_default", "inputs": [1.0]}, {"outputs": [2.5]}),
        ({"signature_name": "", "inputs": [1.0]}, {"outputs": [2.5]}),
        ({"inputs": 3.0}, {"outputs": 3.5}),
        ({"inputs": {"x": 3.0}}, {"outputs": 3.5}),
        ({"inputs": {"x": [1.0], "unused": ["a"]}}, {"outputs": [2.5]}),
        ({"anything": {}, "inputs": [1.0]}, {"outputs": [2.5]}),
    ],
    ids=str,
)
def test_a_single_output_has_no_name(
    rest_api: RestApi, request_: dict[str, Any], answer: dict[str, Any]
) -> None:
    reply = rest_api.predict("half_plus_two", request_)
    assert (reply.status, reply.json) == (200, answer)
    assert reply.headers["Content-Type"] == "application/json"


def test_several_inputs_and_outputs_are_named_by_row(rest_api: RestApi) -> None:
    payload = {"signature_name": "together", "instances": TOGETHER}
    expected = [{f"{name}_out": value for name, value in row.items()} for row in TOGETHER]
    assert rest_api.predict("echo", payload).json == {"predictions": expected}


def test_several_inputs_and_outputs_are_named_by_column(rest_api: RestApi) -> None:
    columns = {name: [row[name] for row in TOGETHER] for name in TOGETHER[0]}
    payload = {"signature_name": "together", "inputs": columns}
    expected = {f"{name}_out": values for name, values in columns.items()}
    assert rest_api.predict("echo", payload).json == {"outputs": expected}


def test_columns_may_differ_in_length(rest_api: RestApi) -> None:
    columns = {"float": [1.0], "int64": [1, 2, 3], "string": [], "bool": [True, False]}
    payload = {"signature_name": "together", "inputs": columns}
    expected = {f"{name}_out": values for name, values in columns.items()}
    assert rest_api.predict("echo", payload).json == {"outputs": expected}


def test_outputs_of_more_dimensions_are_nested(rest_api: RestApi) -> None:
    payload = {"signature_name": "matrix", "instances": [1.0, 2.0]}
    assert rest_api.predict("outputs", payload).json == {"predictions": [[1.0, -1.0], [2.0, -2.0]]}


def test_no_rows_are_an_empty_list(rest_api: RestApi) -> None:
    payload = {"signature_name": "none", "instances": [1.0, 2.0]}
    assert rest_api.predict("outputs", payload).json == {"predictions": []}


def test_an_output_without_rows_is_answered_by_column_only(rest_api: RestApi) -> None:
    columns = rest_api.predict("outputs", {"signature_name": "scalar", "inputs": [1.0, 2.0]})
    assert columns.json == {"outputs": 3.0}
    rows = rest_api.predict("outputs", {"signature_name": "scalar", "instances": [1.0, 2.0]})
    assert rows.status == 400
    assert rows.error.strip() == "Tensor name: y has no shape information"


def test_outputs_of_unequal_lengths_are_answered_by_column_only(rest_api: RestApi) -> None:
    columns = rest_api.predict("outputs", {"signature_name": "unequal", "inputs": [1.0, 2.0]})
    assert columns.json == {"outputs": {"all": [1.0, 2.0], "first": [1.0]}}
    rows = rest_api.predict("outputs", {"signature_name": "unequal", "instances": [1.0, 2.0]})
    assert rows.status == 400
    # Which of the two is named depends on the order of a hash map.
    assert "has inconsistent batch size: " in rows.error


def test_a_signature_s_default_does_not_replace_a_missing_column(rest_api: RestApi) -> None:
    # json_tensor.cc walks the signature's inputs before predict_util.cc knows their defaults.
    payload = {"signature_name": "with_default", "inputs": {"a": [1.0]}}
    reply = rest_api.predict("outputs", payload)
    assert (reply.status, reply.error) == (400, "Missing named input: b in 'inputs' object.")


def test_the_model_s_own_error_is_a_400(rest_api: RestApi) -> None:
    payload = {"signature_name": "sum", "inputs": {"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0]}}
    reply = rest_api.predict("outputs", payload)
    assert reply.status == 400
    assert "ncompatible shapes" in reply.error


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"signature_name": "absent", "inputs": [1.0]}, '"absent" not found in signature def'),
        ({"inputs": [1.0], "instances": [1.0]}, "expecting only one of 'inputs' or 'instances'"),
        ({"signature_name": 5, "inputs": [1.0]}, "'signature_name' key must be a string value."),
        ({"instances": 5}, "Expecting 'instances' to be an list/array"),
        ({"instances": []}, "No values in 'instances' array"),
        ({"instances": [[1.0, 2.0], [3.0]]}, "Expecting tensor size: 2 but got: 1"),
        ({"instances": [[1.0, 2.0], [[3.0, 4.0]]]}, "Expecting shape [2] but got: [1,2]"),
        ({"instances": [1.0, [1.0]]}, "Expecting shape [] but got: [1]"),
        ({"instances": [{"x": 1.0}, 2.0]}, "Expecting object but got list at item 1 of input list"),
        (
            {"instances": [1.0, {"x": 2.0}]},
            "Expecting value/list but got object at item 1 of input list",
        ),
        ({"instances": [{"z": 1.0}]}, "does not have named input: z"),
        ({"instances": [{}]}, "keys must be equal to: x"),
    ],
    ids=str,
)
def test_requests_that_do_not_fit_are_400(
    rest_api: RestApi, payload: dict[str, Any], message: str
) -> None:
    reply = rest_api.predict("half_plus_two", payload)
    assert reply.status == 400
    assert message in reply.error
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"inputs": {}}, "Missing named input: x in 'inputs' object."),
        (
            {"inputs": [[1.0, 2.0], [3.0]]},
            "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
        ),
        ({"inputs": [1.0, [2.0]]}, "Encountered list at unexpected level: 1 expected < 1"),
        (
            {"inputs": [[1.0], 2.0]},
            "JSON Value: 2.0 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
        ),
    ],
    ids=str,
)
def test_messages_without_a_row_are_exact(
    rest_api: RestApi, payload: dict[str, Any], message: str
) -> None:
    reply = rest_api.predict("half_plus_two", payload)
    assert (reply.status, reply.error) == (400, message)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (
            {"instances": [1.0]},
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map",
        ),
        (
            {"inputs": [1.0]},
            "inputs is a plain value/list, but expecting an object as multiple input tensors "
            "required as per tensorinfo_map",
        ),
        ({"inputs": {"a": [1.0]}}, "Missing named input: b in 'inputs' object."),
    ],
    ids=["rows", "columns", "missing"],
)
def test_several_inputs_must_be_named(
    rest_api: RestApi, payload: dict[str, Any], message: str
) -> None:
    reply = rest_api.predict("outputs", {"signature_name": "sum", **payload})
    assert (reply.status, reply.error) == (400, message)


def test_errors_of_a_row_tell_the_row_and_the_key(rest_api: RestApi) -> None:
    rows = [{"a": 1.0, "b": 2.0}, {"a": 1.0, "b": "two"}]
    reply = rest_api.predict("outputs", {"signature_name": "sum", "instances": rows})
    assert reply.status == 400
    assert reply.error.startswith("Failed to process element: 1 key: b of 'instances' list. Error")
    assert reply.error.endswith('JSON Value: "two" Type: String is not of expected type: float')


def test_a_row_must_have_every_input(rest_api: RestApi) -> None:
    payload = {"signature_name": "sum", "instances": [{"a": 1.0}]}
    reply = rest_api.predict("outputs", payload)
    assert reply.status == 400
    assert reply.error.startswith("Failed to process element: 0 of 'instances' list. JSON object: ")
    assert reply.error.endswith(" keys must be equal to: a,b")


def test_large_requests_are_answered(rest_api: RestApi) -> None:
    values = [float(value % 1000) for value in range(200_000)]
    payload = {"signature_name": "float", "inputs": values}
    assert rest_api.predict("echo", payload).json == {"outputs": values}
