"""Binary strings in JSON: {"b64": "aGVsbG8="}."""

import binascii
import re
from typing import Any

from serving.rest.json_document import quote_value
from serving.status import invalid_argument

_KEY = "b64"
_WHITESPACE = b" \t\n\v\f\r"
_BASE64 = re.compile(rb"([A-Za-z0-9+/]*)([=.]*)")


def is_base64_object(value: Any) -> bool:
    """Whether a JSON value is an object of the one member "b64", a string.

    Example:
        >>> is_base64_object({"b64": "aGVsbG8="}), is_base64_object({"b64": 1})
        (True, False)
    """
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(_KEY), str)


def decode_base64_object(value: dict[str, Any]) -> bytes:
    """The bytes that an object with a "b64" member stands for.

    Padding may be missing, or be dots; white space may be anywhere.

    Raises:
        StatusError: it is some other object, or its string is not base64.

    Example:
        >>> decode_base64_object({"b64": "aGVsbG8"})
        b'hello'

    Source:
        JsonDecodeBase64Object of TensorFlow Serving's util/json_tensor.cc; Base64Unescape of
        Abseil's strings/escaping.cc.
    """
    if not is_base64_object(value):
        message = f"JSON Value: {quote_value(value)} not formatted correctly for base64 data"
        raise invalid_argument(message)
    text: bytes = value[_KEY].encode().translate(None, _WHITESPACE)
    match = _BASE64.fullmatch(text)
    if match is not None:
        data, padding = match.groups()
        missing = -len(data) % 4
        if missing < 3 and len(padding) in (0, missing):
            return binascii.a2b_base64(data + b"=" * missing)
    raise invalid_argument("Unable to base64 decode")


def encode_base64_object(data: bytes) -> list[tuple[str, str]]:
    """The members, as JSON text, of the object that stands for some bytes.

    Example:
        >>> encode_base64_object(b"hello")
        [('b64', '"aGVsbG8="')]
    """
    return [(_KEY, f'"{binascii.b2a_base64(data, newline=False).decode()}"')]
