import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorflow.core.example.example_pb2 import Example
from tensorflow_serving.apis.input_pb2 import Input

from serving.rest.examples_request import parse_examples
from serving.status import Code, StatusError


def example(**features):
    message = Example()
    for name, (kind, values) in features.items():
        getattr(message.features.feature[name], kind).value.extend(values)
    return message


def error_of(body):
    with pytest.raises(StatusError) as caught:
        parse_examples(body.encode())
    assert caught.value.code is Code.INVALID_ARGUMENT
    return caught.value.message


def test_examples():
    body = b"""{"examples": [
        {"names": ["foo", "bar"], "ratings": [8.0, 9.0], "age": 20},
        {"names": ["baz"], "ratings": 6.0}
    ]}"""
    expected = Input()
    expected.example_list.examples.add().CopyFrom(
        example(
            names=("bytes_list", [b"foo", b"bar"]),
            ratings=("float_list", [8, 9]),
            age=("int64_list", [20]),
        )
    )
    expected.example_list.examples.add().CopyFrom(
        example(names=("bytes_list", [b"baz"]), ratings=("float_list", [6]))
    )
    assert parse_examples(body) == ("", expected)


def test_examples_with_context_and_signature():
    body = """{
        "signature_name": "custom",
        "context": {"query": "pizza", "location": ["sfo"]},
        "examples": [
            {"names": ["baz", {"b64": "aGVsbG8="}], "mix": [1, true, false]},
            {"names": "é", "ratings": [NaN, Infinity, -Infinity, 0.5]}
        ]
    }"""
    name, parsed = parse_examples(body.encode())
    assert name == "custom"
    context = parsed.example_list_with_context.context
    assert context == example(query=("bytes_list", [b"pizza"]), location=("bytes_list", [b"sfo"]))
    first, second = parsed.example_list_with_context.examples
    assert first == example(names=("bytes_list", [b"baz", b"hello"]), mix=("int64_list", [1, 1, 0]))
    assert second.features.feature["names"].bytes_list.value == ["é".encode()]
    np.testing.assert_array_equal(
        second.features.feature["ratings"].float_list.value, [np.nan, np.inf, -np.inf, 0.5]
    )


def test_an_empty_context_is_one():
    _, parsed = parse_examples(b'{"context": {}, "examples": [{}]}')
    assert parsed.example_list_with_context.HasField("context")
    assert parsed.example_list_with_context.examples[0] == Example()


def test_an_empty_list_is_a_feature_without_kind():
    _, parsed = parse_examples(b'{"examples": [{"a": []}]}')
    assert parsed.example_list.examples[0].features.feature["a"].WhichOneof("kind") is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '{"signature_name": ["a"]}',
            'JSON Value: {\n    "signature_name": ["a"]\n} not formatted '
            "correctly. 'signature_name' key must be a string value.",
        ),
        (
            "{}",
            "JSON Value: {} When method is classify, key 'examples' is expected and was not found",
        ),
        (
            '{"examples": {}}',
            "JSON Value: {\n    \"examples\": {}\n} Expecting 'examples' value to be an list/array",
        ),
        (
            '{"examples": []}',
            "JSON Value: {\n    \"examples\": []\n} 'examples' value is an empty array",
        ),
        ('{"examples": [[{}]]}', "Example must be JSON object but got JSON Array"),
        ('{"examples": [null]}', "Example must be JSON object but got JSON Null"),
        ('{"context": [{}]}', "Example must be JSON object but got JSON Array"),
        (
            '{"examples": [{"n": [10, null]}]}',
            "Feature: n has element with unexpected JSON type: Null",
        ),
        (
            '{"examples": [{"n": [10, {"test": 10}]}]}',
            "Feature: n has element with unexpected JSON type: Object",
        ),
        (
            '{"examples": [{"n": [[10], 20]}]}',
            "Feature: n has element with unexpected JSON type: Array",
        ),
        (
            '{"examples": [{"n": [10, 10.0]}]}',
            "Unexpected element type in feature: n expecting type: int64",
        ),
        (
            '{"examples": [{"n": [1.5, 1]}]}',
            "Unexpected element type in feature: n expecting type: float",
        ),
        (
            '{"examples": [{"n": ["a", true]}]}',
            "Unexpected element type in feature: n expecting type: bytes",
        ),
        (
            '{"examples": [{"n": [20, 18446744073709551603]}]}',
            "Feature: n has uint64_t element. Only int64_t is supported.",
        ),
        ('{"examples": [{"n": {"b64": "a"}}]}', "Unable to base64 decode"),
        # A b64 object of another feature kind is refused before it is decoded.
        (
            '{"examples": [{"n": [1, {"b64": "a"}]}]}',
            "Unexpected element type in feature: n expecting type: int64",
        ),
    ],
)
def test_errors(body, message):
    assert error_of(body) == message


ELEMENTS = st.sampled_from(
    [None, True, 1, 2**63 - 1, 2**63, -(2**63), 1.5, 3.5e38, "a", {"b64": "aGk="}, {"b64": "!"}, []]
)


@given(st.lists(ELEMENTS, max_size=4))
def test_a_list_is_its_elements_one_after_the_other(elements):
    """Elements of one kind go the fast way: it must be that of a list that starts otherwise."""
    body = json.dumps({"examples": [{"n": elements}]}).encode()
    parts = [json.dumps({"examples": [{"n": [element]}]}).encode() for element in elements]
    try:
        _, whole = parse_examples(body)
    except StatusError:
        kinds = set()
        for part in parts:
            try:
                feature = parse_examples(part)[1].example_list.examples[0].features.feature["n"]
                kinds.add(feature.WhichOneof("kind"))
            except StatusError:
                return
        assert len(kinds) > 1
        return
    feature = whole.example_list.examples[0].features.feature["n"]
    merged = Example().features.feature["n"]
    for part in parts:
        merged.MergeFrom(parse_examples(part)[1].example_list.examples[0].features.feature["n"])
    assert feature == merged


@given(st.binary())
def test_garbage_raises_nothing_but_status_errors(body):
    with contextlib.suppress(StatusError):
        parse_examples(b'{"examples": [{"a": ' + body + b"}]}")
