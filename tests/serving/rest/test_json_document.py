import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.rest.json_document import json_type_name, parse_document, quote_value
from serving.status import Code, StatusError


def error_of(body: bytes) -> str:
    with pytest.raises(StatusError) as caught:
        parse_document(body)
    assert caught.value.code is Code.INVALID_ARGUMENT
    return caught.value.message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The document is empty"),
        (b" ", "The document is empty. at offset: 1"),
        (b'{"a":1 "b"}', "Missing a comma or '}' after an object member. at offset: 7"),
        (b'{"a": [1 2]}', "Missing a comma or ']' after an array element. at offset: 9"),
        (b'{"a":1,}', "Missing a name for object member. at offset: 7"),
        (b'{"a" 1}', "Missing a colon after a name of object member. at offset: 5"),
        (b'{"a":tru}', "Invalid value. at offset: 8"),
        (b'{"a":"x', "Missing a closing quotation mark in string. at offset: 7"),
        (b'{"a":"\\x"}', "Invalid escape character in string. at offset: 6"),
        (b'{"a":"\\u12g4"}', "Incorrect hex digit after \\u escape in string. at offset: 6"),
        (b'{"a":"\\ud800"}', "The surrogate pair in string is invalid. at offset: 6"),
        (b'{"a":1.}', "Miss fraction part in number. at offset: 7"),
        (b'{"a":1e}', "Miss exponent in number. at offset: 7"),
        (b'{"a":1e999}', "Number too big to be stored in double. at offset: 5"),
    ],
)
def test_what_does_not_parse_is_told_in_rapidjsons_words(body, message):
    assert error_of(body) == f"JSON Parse error: {message}"


def test_a_control_character_is_told_in_the_words_of_rapidjson_1_1():
    message = "JSON Parse error: Invalid escape character in string. at offset: 6"
    assert error_of(b'{"a":"\x01"}') == message


def test_text_that_is_not_utf_8_is_refused():
    message = "JSON Parse error: Invalid encoding in string. at offset: 6"
    assert error_of(b'{"a":"\xff"}') == message


@pytest.mark.parametrize("depth", [1_100, 50_000])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_read(depth, brackets):
    """util/json_tensor_test.cc:87, DeeplyNestedWellFormed."""
    opening, closing = brackets
    body = '{"a":' + opening * depth + '"\\"]"' + closing * depth + ', "b": 2} more'
    assert parse_document(body.encode())["b"] == 2


@pytest.mark.parametrize(
    ("opening", "inner", "closing"),
    [
        ("[" * 5000, "1 2", "]" * 5000),
        ("[" * 5000, "", "]" * 4999),
        ("[" * 5000, "", "}" * 5000),
        ("[" * 5000, '"', "]" * 5000),
        ("[" * 300, "1 2", "]" * 5000),
    ],
)
def test_what_is_wrong_deep_down_is_refused(opening, inner, closing):
    assert error_of(f'{{"a":{opening}{inner}{closing}}}'.encode()).startswith("JSON Parse error: ")


def test_deep_nesting_of_a_large_body_is_refused():
    body = b'{"a":' + b"[" * 2_000_000 + b"]" * 2_000_000 + b"}"
    assert error_of(body).startswith("JSON Parse error: Maximum parse recursion depth")
    assert error_of(b"[" * 100_000).startswith("JSON Parse error: Maximum parse recursion depth")


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xef", b"\xbb\xbf", b"\xbf"])
def test_each_byte_of_a_byte_order_mark_is_skipped(mark):
    assert parse_document(mark + b'{"a":1}') == {"a": 1}
    offset = len(mark) + 7
    assert error_of(mark + b'{"a":1,}').endswith(f"at offset: {offset}")


def test_only_an_object_is_a_document():
    assert error_of(b'[1, "a"]') == 'JSON Value: [1, "a"] Is not object'
    assert error_of(b"null") == "JSON Value: null Is not object"


def test_integers_are_what_fits_64_bits():
    document = parse_document(
        b'{"a": [18446744073709551615, 18446744073709551616, -9223372036854775808,'
        b" -9223372036854775809, 1.0, 1e0, -0]}"
    )
    kinds = [type(value) for value in document["a"]]
    assert kinds == [int, float, int, float, float, float, int]
    assert document["a"][0] == 2**64 - 1
    assert document["a"][2] == -(2**63)


def test_numbers_that_are_not_finite():
    values = parse_document(b'{"a": [NaN, Infinity, -Infinity, Inf, -NaN]}')["a"]
    assert math.isnan(values[0])
    assert values[1:4] == [math.inf, -math.inf, math.inf]
    assert math.isnan(values[4])


@given(st.binary() | st.text().map(str.encode))
def test_garbage_raises_nothing_but_status_errors(body):
    with contextlib.suppress(StatusError):
        assert isinstance(parse_document(body), dict)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (-3, "-3"),
        ('a"b\n\x1fé/', '"a\\"b\\n\\u001Fé/"'),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (1 / 3, "0.3333333333333333"),
        (1e-5, "0.00001"),
        (1.7976931348623157e308, "1.7976931348623157e308"),
        (math.nan, ""),
        (-math.inf, ""),
        ([], "[]"),
        ({}, "{}"),
        ({"a": {}, "b": [1, []]}, '{\n    "a": {},\n    "b": [1, []]\n}'),
        ([{"a": [2]}], '[{\n        "a": [2]\n    }]'),
        ([1 / 3, 1e-5], "[0.3333333333333333, 0.00001]"),
        # It stops at the first number that JSON has no word for.
        ({"a": [1, math.nan, 2], "b": 3}, '{\n    "a": [1, '),
    ],
)
def test_quotes_a_value_as_pretty_writer_prints_it(value, text):
    assert quote_value(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1234.5, "1234.5"),
        (1e20, "100000000000000000000.0"),
        (1e21, "1e21"),
        (1.25e30, "1.25e30"),
        (1.5e-6, "0.0000015"),
        (1.5e-7, "1.5e-7"),
        (5e-324, "5e-324"),
    ],
)
def test_numbers_inside_a_quoted_array(value, text):
    assert quote_value([value]) == f"[{text}]"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_inside_a_quoted_array_read_back(value):
    assert float(quote_value([value]).strip("[] \n")) == value


@pytest.mark.parametrize("value", [list(range(10_000)), {str(i): i for i in range(10_000)}])
def test_quotes_up_to_the_token_that_makes_256_bytes(value):
    text = quote_value(value)
    assert 256 <= len(text) < 270
    assert text[-1].isdigit() or text[-1] == '"'


@pytest.mark.parametrize("value", ["a" * 10_000, {"k" * 10_000: 1}])
def test_quotes_no_more_than_1000_characters_of_a_text(value):
    assert 1000 <= len(quote_value(value)) < 1010


def test_quotes_a_deeply_nested_value():
    value = []
    for _ in range(5_000):
        value = [value]
    assert quote_value(value) == "[" * 256


def test_names_of_types():
    values = [None, True, False, 1, 1.5, "", [], {}]
    names = ["Null", "True", "False", "Number", "Number", "String", "Array", "Object"]
    assert list(map(json_type_name, values)) == names
