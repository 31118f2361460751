"""Request bodies: JSON text to Python objects, and those back to text for messages."""

import math
import re
from collections.abc import Iterator
from typing import Any

import rapidjson

from serving.rest.decimal_text import shortest_decimal
from serving.rest.deep_json import without_depth
from serving.rest.json_text import new_line, write_string
from serving.status import StatusError, invalid_argument

_MODE = rapidjson.NM_NATIVE | rapidjson.NM_NAN
_PARSE_ERROR = re.compile(r"Parse error at offset (\d+): (.*)", re.DOTALL)
_MORE_FOLLOWS = "The document root must not be followed by other values."
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# Quoting ends with the first token that reaches this many bytes.
_QUOTED_BYTES = 256
# TensorFlow Serving quotes a text as a whole: here one of 64 MiB is not echoed.
_QUOTED_CHARACTERS = 1000


def parse_document(body: bytes) -> dict[str, Any]:
    """The object that a request body is.

    Args:
        body: JSON in UTF-8, in which NaN and Infinity are numbers too; a byte order mark is
            skipped, and whatever follows the value is ignored.

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
    try:
        document = _first_value(body[skipped:])
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
    """A parsed value as messages print it: up to the token that makes it 256 bytes.

    Example:
        >>> quote_value([1, "a"])
        '[1, "a"]'

    Source:
        JsonValueToDebugString and JsonWriterWithLimit of TensorFlow Serving's util/json_tensor.cc.
    """
    text, size = "", 0
    try:
        # A level writes a byte at least: the limit bounds how deep this goes too.
        for token in _tokens(value, 0):
            text += token
            size += len(token.encode(errors="surrogatepass"))
            if size >= _QUOTED_BYTES:
                break
    except _NotWritten as end:
        text += str(end)
    return text


class _NotWritten(Exception):
    """RapidJSON's Writer ends at a NaN or an infinity, after what separates it."""


def _tokens(value: Any, depth: int, before: str = "") -> Iterator[str]:
    """What the writer of single-line arrays is told piece by piece, each with what separates it."""
    if isinstance(value, dict):
        yield f"{before}{{"
        separator = ""
        for key, member in value.items():
            yield f"{separator}{new_line(depth + 1)}{_quote_string(key)}"
            yield from _tokens(member, depth + 1, ": ")
            separator = ","
        yield f"{new_line(depth)}}}" if value else "}"
    elif isinstance(value, list):
        yield f"{before}["
        separator = ""
        for element in value:
            yield from _tokens(element, depth + 1, separator)
            separator = ", "
        yield "]"
    elif isinstance(value, str):
        yield f"{before}{_quote_string(value)}"
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise _NotWritten(before)
        yield f"{before}{shortest_decimal(value)}"
    else:
        yield before + ("null" if value is None else str(value).lower())


def _quote_string(text: str) -> str:
    return write_string(text[:_QUOTED_CHARACTERS])


def _first_value(text: bytes) -> Any:
    try:
        return _value_before_more(text)
    except RecursionError:
        return _value_before_more(without_depth(text))
    except UnicodeDecodeError as error:
        try:
            return _value_before_more(text[: error.start])  # it may have ended before
        except ValueError:
            raise error from None


def _value_before_more(text: bytes) -> Any:
    try:
        return rapidjson.loads(text, number_mode=_MODE)
    except UnicodeDecodeError:
        raise
    except ValueError as error:
        match = _PARSE_ERROR.fullmatch(str(error))
        if match is None or match[2] != _MORE_FOLLOWS:
            raise
        return rapidjson.loads(text[: int(match[1])], number_mode=_MODE)


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
