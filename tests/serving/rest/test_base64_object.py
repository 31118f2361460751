import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.rest.base64_object import (
    decode_base64_object,
    encode_base64_object,
    is_base64_object,
)
from serving.status import StatusError


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("aGVsbG8=", b"hello"),
        ("aGVsbG8", b"hello"),
        ("aGVsbG8.", b"hello"),
        (" aGV\tsb\nG8\r\v\f= ", b"hello"),
        ("aA = =", b"h"),
        ("aA..", b"h"),
        ("aA", b"h"),
        ("aGl", b"hi"),
        ("+/+/", b"\xfb\xff\xbf"),
        ("", b""),
        (" ", b""),
    ],
)
def test_decodes(text, data):
    assert decode_base64_object({"b64": text}) == data


@pytest.mark.parametrize(
    "text",
    ["a", "aGVsbG8==", "aA=", "aGVs=", "=", "-_-_", "aG*k", "aGVsbG8=a", "é", "aGVs\x00", "\xa0"],
)
def test_refuses_what_is_not_base64(text):
    with pytest.raises(StatusError, match=r"^INVALID_ARGUMENT: Unable to base64 decode$"):
        decode_base64_object({"b64": text})


@pytest.mark.parametrize("value", [{}, {"b64": 1}, {"b64": "aGk=", "c": 1}, {"B64": "aGk="}])
def test_refuses_other_objects(value):
    assert not is_base64_object(value)
    with pytest.raises(StatusError, match=r"not formatted correctly for base64 data$"):
        decode_base64_object(value)


@given(st.binary())
def test_decodes_what_the_standard_library_encodes(data):
    assert decode_base64_object({"b64": base64.b64encode(data).decode()}) == data


@given(st.binary())
def test_encodes_as_the_standard_library(data):
    [(key, text)] = encode_base64_object(data)
    assert (key, json.loads(text)) == ("b64", base64.b64encode(data).decode())
