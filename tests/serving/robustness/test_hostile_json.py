"""JSON bodies that are no requests: deep, of the wrong kind, with numbers that do not exist."""

import gzip
import json

import pytest
from hostile_model import GOOD_INPUTS, KINDS, NAME
from hostile_server import HostileServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_http import exchange, post

DEPTH = 100_000
LISTS = b"[" * DEPTH + b"]" * DEPTH
OBJECTS = b'{"a":' * DEPTH + b"1" + b"}" * DEPTH
WRONG = {
    "white space": b" \n\t",
    "a number": b"1",
    "a list": b"[1]",
    "null": b"null",
    "no JSON": bytes(range(256)) * 10,
    "cut off": b'{"instances": [1, 2',
    "something after it": b'{"instances": [1]} 2',
    "lists": LISTS,
    "lists that are not closed": b"[" * DEPTH,
    "objects": OBJECTS,
    "lists in instances": b'{"instances": %b}' % LISTS,
    "lists in inputs": b'{"inputs": %b}' % LISTS,
    "lists in the second instance": b'{"signature_name": "value", "instances": [1, %b]}' % LISTS,
    "lists that hold a number": b'{"signature_name": "value", "inputs": %b}'
    % LISTS.replace(b"[]", b"[1]"),
    "objects in instances": b'{"instances": [{"text": %b}]}' % OBJECTS,
    "lists for a signature": b'{"signature_name": %b, "instances": [1]}' % LISTS,
    "lists for examples": b'{"examples": %b}' % LISTS,
    "a thousand lists": b'{"signature_name": "value", "instances": %b1%b}'
    % (b"[" * 900, b"]" * 900),
    "33 lists of a string": b'{"signature_name": "text", "instances": %b"a"%b}'
    % (b"[" * 33, b"]" * 33),
    "65 lists of a number": b'{"signature_name": "value", "instances": %b1%b}'
    % (b"[" * 65, b"]" * 65),
    "a number beyond doubles": b'{"signature_name": "value", "instances": [1e999]}',
    "a number beyond int64": b'{"signature_name": "count", "instances": [18446744073709551615]}',
    "10,000 digits": b'{"signature_name": "count", "instances": [%b]}' % (b"9" * 10_000),
    "NaN for an integer": b'{"signature_name": "count", "instances": [NaN]}',
    "NaN for a string": b'{"signature_name": "text", "instances": [NaN]}',
    "half a surrogate pair": b'{"signature_name": "text", "instances": ["\\ud800"]}',
    "the other half": b'{"signature_name": "text", "instances": ["\\udc00"]}',
    "a string in no encoding": b'{"signature_name": "text", "instances": ["\xff\xfe"]}',
    "no base64": b'{"signature_name": "text", "instances": [{"b64": "!"}]}',
    "a signature of 10 kB": b'{"signature_name": "%b", "instances": [1]}' % (b"s" * 10_000),
    "a null signature": b'{"signature_name": "\\u0000", "instances": [1]}',
    "a signature in the file system": b'{"signature_name": "../../1", "instances": [1]}',
    "thousands of inputs": json.dumps({"inputs": {str(n): [1] for n in range(10_000)}}).encode(),
    "thousands of keys": json.dumps({"instances": [{str(n): 1 for n in range(10_000)}]}).encode(),
    "a key of 10 kB": json.dumps({"instances": [{"k" * 10_000: 1}]}).encode(),
    "shapes that differ": b'{"signature_name": "value", "instances": [[1, 2], [3]]}',
    "kinds that differ": b'{"signature_name": "value", "instances": [1, "a"]}',
    "instances that are null": b'{"instances": null}',
    "both formats": b'{"signature_name": "value", "instances": [1], "inputs": [1]}',
}
HOSTILE_TEXTS = ("", "..", "\0", "é", "\U0001f600", "NaN", "b64", "x" * 300, *KINDS)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats()
    | st.sampled_from(HOSTILE_TEXTS),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.sampled_from(HOSTILE_TEXTS), children, max_size=4)
    ),
    max_leaves=12,
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "signature_name": st.sampled_from([*KINDS, "serving_default", "regress"]) | values,
        "instances": st.lists(values, max_size=4) | values,
        "inputs": values,
        "examples": st.lists(st.dictionaries(st.sampled_from(HOSTILE_TEXTS), values)) | values,
        "context": values,
    },
)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_request_is_a_client_error(server: HostileServer, wrong: str) -> None:
    for method in ("predict", "classify", "regress"):
        path = f"/v1/models/{NAME}:{method}"
        status, body = exchange(server.rest, post(WRONG[wrong], path=path))
        assert status == 400
        assert set(json.loads(body)) == {"error"}


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(document=requests | values, method=st.sampled_from(["predict", "classify", "regress"]))
def test_any_json_is_answered_or_a_client_error(
    server: HostileServer, document: object, method: str
) -> None:
    request = post(json.dumps(document).encode(), path=f"/v1/models/{NAME}:{method}")
    status, body = exchange(server.rest, request)
    assert status in (200, 400), body


def test_64_lists_are_an_array(server: HostileServer) -> None:
    nested = b"[" * 64 + b"1" + b"]" * 64
    body = b'{"signature_name": "value", "instances": %b}' % nested
    status, answer = exchange(server.rest, post(body))
    assert status == 200
    assert answer.count(b"[") == 64


def test_gzip_of_a_right_request_is_answered(server: HostileServer) -> None:
    zipped = gzip.compress(json.dumps({"inputs": GOOD_INPUTS}).encode())
    status, _ = exchange(server.rest, post(zipped, headers="Content-Encoding: gzip\r\n"))
    assert status == 200


@pytest.mark.parametrize("length", [5, 20, -5])
def test_gzip_that_is_cut_off_is_a_client_error(server: HostileServer, length: int) -> None:
    zipped = gzip.compress(json.dumps({"inputs": GOOD_INPUTS}).encode())[:length]
    status, _ = exchange(server.rest, post(zipped, headers="Content-Encoding: gzip\r\n"))
    assert status == 400
