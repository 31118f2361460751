"""Request bodies: JSON text to Python objects, and those back to text for messages."""

import math
import re
from collections.abc import Iterator
from typing import Any

import rapidjson

from serving.rest.decimal_text import format_decimal, shortest_decimal
from serving.rest.json_text import new_line, write_string
from serving.status import StatusError, invalid_argument

_PARSE_ERROR = re.compile(r"Parse error at offset (\d+): (.*)", re.DOTALL)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# RapidJSON calls a number a float up to this one (it is not quite the largest float).
_LARGEST_QUOTED_AS_FLOAT = 3.4028234e38

# TensorFlow Serving quotes the whole value: here a request of 64 MiB is not echoed.
_QUOTED_CHARACTERS = 1000


def parse_document(body: bytes) -> dict[str, Any]:
    """The object that a request body is.

    Args:
        body: JSON in UTF-8, in which NaN and Infinity are numbers too; a byte order mark is
            skipped.

    Returns:
        Objects are dictionaries (the last of members with one name wins), arrays lists; a number
        that has neither fraction nor exponent and fits int64 or uint64 is an int, every other a
        float.

    Raises:
        StatusError: it does not parse, or is something else than an object.

    Example:
        >>> parse_document(b'{"instances": [1, 2.0]}')
        {'instances': [1, 2.0]}

    Source:
        ParseJson of TensorFlow Serving's util/json_tensor.cc.
    """
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    skipped = _byte_order_mark_length(body)
    mode = rapidjson.NM_NATIVE | rapidjson.NM_NAN
    try:
        document = rapidjson.loads(body[skipped:], number_mode=mode)
    except (ValueError, RecursionError) as error:
        raise _parse_error(error, skipped) from None
    if not isinstance(document, dict):
        raise invalid_argument(f"JSON Value: {quote_value(document)} Is not object")
    return document


def json_type_name(value: Any) -> str:
    """RapidJSON's name of a value's type: "Null", "False", "True", "Object", "Array", ..."""
    if value is None or isinstance(value, bool):
        return {None: "Null", False: "False", True: "True"}[value]
    names = {dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}
    return names[type(value)]


def quote_value(value: Any) -> str:
    """A parsed value as messages print it, cut after 1,000 characters.

    Example:
        >>> quote_value([1, "a"])
        '[\\n    1,\\n    "a"\\n]'

    Source:
        JsonValueToString of TensorFlow Serving's util/json_tensor.cc.
    """
    if isinstance(value, float):
        is_double = not -_LARGEST_QUOTED_AS_FLOAT <= value <= _LARGEST_QUOTED_AS_FLOAT
        return format_decimal(value, is_double)
    text = ""
    try:
        # The indentation alone bounds how deep this goes before the text is long enough.
        for piece in _pieces(value, 0):
            text += piece
            if len(text) > _QUOTED_CHARACTERS:
                return f"{text[:_QUOTED_CHARACTERS]}..."
    except _NotWritten:
        pass
    return text


class _NotWritten(Exception):
    """RapidJSON's Writer ends at a NaN or an infinity inside an array or object."""


def _pieces(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, dict):
        separator = "{"
        for key, member in value.items():
            yield f"{separator}{new_line(depth + 1)}{_quote_string(key)}: "
            yield from _pieces(member, depth + 1)
            separator = ","
        yield f"{new_line(depth)}}}" if value else "{}"
    elif isinstance(value, list):
        separator = "["
        for element in value:
            yield f"{separator}{new_line(depth + 1)}"
            yield from _pieces(element, depth + 1)
            separator = ","
        yield f"{new_line(depth)}]" if value else "[]"
    elif isinstance(value, str):
        yield _quote_string(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _NotWritten
        yield shortest_decimal(value)
    else:
        yield "null" if value is None else str(value).lower()


def _quote_string(text: str) -> str:
    return write_string(text[:_QUOTED_CHARACTERS])


def _byte_order_mark_length(body: bytes) -> int:
    # Like RapidJSON's stream, which skips each byte of the mark whether or not the others come.
    length = 0
    for byte in _BYTE_ORDER_MARK:
        length += body[length : length + 1] == bytes([byte])
    return length


def _parse_error(error: ValueError | RecursionError, skipped: int) -> StatusError:
    if isinstance(error, UnicodeDecodeError):
        # TensorFlow Serving takes such bytes for characters of a string.
        offset, reason = error.start, "Invalid encoding in string."
    elif match := _PARSE_ERROR.fullmatch(str(error)):
        offset, reason = int(match[1]), match[2]
        # RapidJSON 1.1.0, TensorFlow Serving's, has another word for control characters.
        reason = reason.replace("Invalid encoding", "Invalid escape character")
    else:
        return invalid_argument(f"JSON Parse error: {error}")
    return invalid_argument(f"JSON Parse error: {reason} at offset: {offset + skipped}")
