"""How REST reads and writes JSON values of each type.

Sources: g3doc/api_rest.md (JSON mapping, encoding binary values, JSON conformance),
util/json_tensor.cc and its test; what RapidJSON, the parser there, takes.
"""

import json
import math
import re
from base64 import b64encode

import pytest
from contract_rest import Reply, RestApi


def deviates(request: pytest.FixtureRequest, embedded: bool, reason: str) -> None:
    """Expect the embedded server to fail here, as docs/serving.md says; no other server may."""
    if embedded:
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))


def echo(rest_api: RestApi, signature: str, literal: str) -> Reply:
    """Ask for one column, written as JSON text."""
    return rest_api.predict("echo", f'{{"signature_name": "{signature}", "inputs": {literal}}}')


def tokens(reply: Reply) -> list[str]:
    """The answered numbers as they are written."""
    assert reply.status == 200, reply.body
    return re.findall(r"[-+.\w]+", reply.body.decode().split(":", 1)[1])


@pytest.mark.parametrize(
    ("signature", "literal", "written"),
    [
        # The test FromJsonSingleFloatTensorSixDigitPrecision of json_tensor_test.cc.
        ("float", "9000000", "9e+06"),
        ("float", "999999", "999999.0"),
        ("float", "0.50000", "0.5"),
        ("float", "0.0003", "0.0003"),
        ("float", "0.00003", "3e-05"),
        ("float", "555557.5", "555557.5"),
        # Six digits where they give the number back, else all that tell it from its neighbours.
        ("float", "0.2", "0.2"),
        ("float", "0.1234567", "0.123456702"),
        ("float", "1234567", "1234567.0"),
        ("float", "16777215", "16777215.0"),
        ("float", "-16777215", "-16777215.0"),
        ("float", "1e3", "1000.0"),
        ("float", "-0.0", "-0.0"),
        ("float", "1e-60", "0.0"),
        ("double", "0.1", "0.1"),
        ("double", "0.3333333333333333", "0.33333333333333331"),
        ("double", "1e300", "1e+300"),
        ("double", "3", "3.0"),
        ("double", "9007199254740991", "9007199254740991.0"),
        ("int8", "-128", "-128"),
        ("int16", "-32768", "-32768"),
        ("int32", "-2147483648", "-2147483648"),
        ("int64", "9223372036854775807", "9223372036854775807"),
        ("int64", "-9223372036854775808", "-9223372036854775808"),
        ("uint8", "255", "255"),
        ("uint32", "4294967295", "4294967295"),
        ("uint64", "18446744073709551615", "18446744073709551615"),
        ("bool", "true", "true"),
        ("bool", "false", "false"),
    ],
)
def test_values_are_written_exactly(
    rest_api: RestApi, signature: str, literal: str, written: str
) -> None:
    assert tokens(echo(rest_api, signature, f"[{literal}]")) == [written]
    assert tokens(echo(rest_api, signature, literal)) == [written]


@pytest.mark.parametrize("signature", ["float", "double"])
def test_numbers_that_are_not_finite_are_read_and_written(
    rest_api: RestApi, signature: str
) -> None:
    reply = echo(rest_api, signature, "[NaN, Infinity, -Infinity, Inf, -Inf]")
    assert tokens(reply) == ["NaN", "Infinity", "-Infinity", "Infinity", "-Infinity"]


def test_a_model_s_own_infinities_are_written(rest_api: RestApi) -> None:
    payload = {"signature_name": "reciprocal", "instances": [0.0, -0.0, math.inf, 4.0]}
    reply = rest_api.predict("outputs", payload)
    assert tokens(reply) == ["Infinity", "-Infinity", "0.0", "0.25"]


@pytest.mark.parametrize(
    ("signature", "literal", "message"),
    [
        ("float", '"a"', 'JSON Value: "a" Type: String is not of expected type: float'),
        ("float", "null", "JSON Value: null Type: Null is not of expected type: float"),
        ("float", "true", "JSON Value: true Type: True is not of expected type: float"),
        ("double", "false", "JSON Value: false Type: False is not of expected type: double"),
        ("float", "{}", "JSON Value: {} Type: Object is not of expected type: float"),
        ("int32", "1.5", "JSON Value: 1.5 Type: Number is not of expected type: int32"),
        ("int32", "1.0", "JSON Value: 1.0 Type: Number is not of expected type: int32"),
        ("int32", "2147483648", "JSON Value: 2147483648 Type: Number is not of expected type: "),
        ("int32", "NaN", "JSON Value:  Type: Number is not of expected type: int32"),
        ("int64", "9223372036854775808", "is not of expected type: int64"),
        ("int64", "1e3", "JSON Value: 1000.0 Type: Number is not of expected type: int64"),
        ("uint32", "-1", "JSON Value: -1 Type: Number is not of expected type: uint32"),
        ("uint64", "-1", "JSON Value: -1 Type: Number is not of expected type: uint64"),
        ("uint8", '"1"', 'JSON Value: "1" Type: String is not of expected type: uint8'),
        ("bool", "1", "JSON Value: 1 Type: Number is not of expected type: bool"),
        ("bool", '"true"', 'JSON Value: "true" Type: String is not of expected type: bool'),
        ("string", "1", "JSON Value: 1 Type: Number is not of expected type: string"),
        ("string", "null", "JSON Value: null Type: Null is not of expected type: string"),
    ],
)
def test_values_of_another_type_are_400(
    rest_api: RestApi, signature: str, literal: str, message: str
) -> None:
    reply = echo(rest_api, signature, f"[{literal}]")
    assert reply.status == 400
    assert message in reply.error


def test_types_that_json_cannot_say_are_not_implemented(rest_api: RestApi) -> None:
    reply = echo(rest_api, "complex64", "[1]")
    message = "Conversion of JSON Value: 1 to type: complex64"
    assert (reply.status, reply.error) == (501, message)


def test_outputs_that_json_cannot_say_are_400(rest_api: RestApi) -> None:
    reply = rest_api.predict("outputs", {"signature_name": "complex", "instances": [1.0]})
    message = "Failed to write JSON value for tensor type: complex64"
    assert (reply.status, reply.error) == (400, message)


@pytest.mark.parametrize("text", ["", "plain", 'quo"te\\', "späti 🎸", "line\nbreak\ttab\x00"])
def test_strings_come_back(rest_api: RestApi, text: str) -> None:
    reply = rest_api.predict("echo", {"signature_name": "string", "inputs": [text]})
    assert reply.json == {"outputs": [text]}


def test_strings_are_bytes_of_any_kind(
    rest_api: RestApi, embedded: bool, request: pytest.FixtureRequest
) -> None:
    # RapidJSON checks no encoding unless asked to, neither reading nor writing.
    deviates(request, embedded, "Python's strings hold no bytes that are not UTF-8")
    reply = rest_api.request(
        "POST", "/v1/models/echo:predict", b'{"signature_name": "string", "inputs": ["a\xff"]}'
    )
    assert reply.status == 200
    assert b'"a\xff"' in reply.body


@pytest.mark.parametrize("content", [b"hello", b"", b"\x00\xff\xfe"], ids=["text", "none", "bytes"])
def test_base64_objects_are_strings(rest_api: RestApi, content: bytes) -> None:
    wrapped = {"b64": b64encode(content).decode()}
    payload = {"signature_name": "only_bytes", "inputs": [wrapped, "a"]}
    assert rest_api.predict("outputs", payload).json == {"outputs": [wrapped, {"b64": "YQ=="}]}


def test_a_base64_object_is_no_map_of_inputs(rest_api: RestApi) -> None:
    payload = {"signature_name": "string", "inputs": {"b64": "aGVsbG8="}}
    assert rest_api.predict("echo", payload).json == {"outputs": "hello"}


def test_rows_of_base64_objects_need_no_name(rest_api: RestApi) -> None:
    rows = [{"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}]
    payload = {"signature_name": "string", "instances": rows}
    assert rest_api.predict("echo", payload).json == {"predictions": ["hello", "world"]}


def test_outputs_are_base64_by_their_name(rest_api: RestApi) -> None:
    payload = {"signature_name": "bytes", "instances": ["hello", "world"]}
    assert rest_api.predict("outputs", payload).json == {
        "predictions": [
            {"image_bytes": {"b64": "aGVsbG8="}, "text": "hello"},
            {"image_bytes": {"b64": "d29ybGQ="}, "text": "world"},
        ]
    }


@pytest.mark.parametrize(
    ("signature", "literal", "message"),
    [
        ("string", '[{"b64": "*"}]', "Unable to base64 decode"),
        ("string", '[{"b64": 5}]', "not formatted correctly for base64 data"),
        ("string", '[{"b64": "YQ==", "c": 1}]', "not formatted correctly for base64 data"),
        ("float", '[{"b64": "YQ=="}]', "Type: Object is not of expected type: float"),
    ],
)
def test_base64_objects_that_do_not_fit_are_400(
    rest_api: RestApi, signature: str, literal: str, message: str
) -> None:
    reply = echo(rest_api, signature, literal)
    assert reply.status == 400
    assert message in reply.error


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "JSON Parse error: The document is empty"),
        ("instances = [1, 2]", "JSON Parse error: Invalid value. at offset: 0"),
        ('{"instances": [1.0,]}', "JSON Parse error: Invalid value."),
        ('{"instances": [1.0}', "JSON Parse error: "),
        ('{"instances": [1e999]}', "JSON Parse error: Number too big to be stored in double."),
        ("[1.0]", " Is not object"),
        ("5", "JSON Value: 5 Is not object"),
    ],
)
def test_bodies_that_are_no_json_object_are_400(rest_api: RestApi, body: str, message: str) -> None:
    reply = rest_api.predict("half_plus_two", body)
    assert reply.status == 400
    assert message in reply.error


def test_the_first_of_two_equal_keys_counts(
    rest_api: RestApi, embedded: bool, request: pytest.FixtureRequest
) -> None:
    # RapidJSON's FindMember looks from the front.
    deviates(request, embedded, "Python's dict keeps the last of two equal keys")
    reply = rest_api.predict("half_plus_two", '{"instances": [1.0], "instances": [2.0]}')
    assert reply.json == {"predictions": [2.5]}


def test_a_byte_order_mark_is_passed_over(rest_api: RestApi) -> None:
    # json_tensor.cc parses through an EncodedInputStream, which takes it.
    body = b"\xef\xbb\xbf" + json.dumps({"instances": [1.0]}).encode()
    reply = rest_api.request("POST", "/v1/models/half_plus_two:predict", body)
    assert reply.json == {"predictions": [2.5]}
