"""JSON text laid out as RapidJSON's PrettyWriter lays it out."""

import re
from collections.abc import Sequence

_ESCAPED = re.compile(r'["\\\x00-\x1f]')
_SHORT_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}


def write_string(text: str) -> str:
    r"""A JSON string; whatever is not ASCII stands for itself.

    Example:
        >>> write_string('Bad key: "k"')
        '"Bad key: \\"k\\""'
    """
    return f'"{_ESCAPED.sub(_escape, text)}"'


def new_line(depth: int) -> str:
    """A line break and the indentation of what is inside `depth` arrays and objects."""
    return "\n" + "    " * depth


def write_object(members: Sequence[tuple[str, str]], depth: int) -> str:
    """A JSON object.

    Args:
        members: key, and its value as JSON text.
        depth: how many arrays and objects it is inside.

    Example:
        >>> write_object([("error", '"no"')], 0)
        '{\\n    "error": "no"\\n}'
    """
    if not members:
        return "{}"
    inner = new_line(depth + 1)
    text = f",{inner}".join(f"{write_string(key)}: {value}" for key, value in members)
    return f"{{{inner}{text}{new_line(depth)}}}"


def write_array(elements: Sequence[str], depth: int, single_line: bool) -> str:
    """A JSON array.

    Args:
        elements: its elements as JSON text.
        depth: how many arrays and objects it is inside.
        single_line: whether it is on one line, or every element on one of its own.

    Example:
        >>> write_array(["1", "2"], 0, single_line=True)
        '[1, 2]'
    """
    if single_line or not elements:
        return f"[{', '.join(elements)}]"
    inner = new_line(depth + 1)
    return f"[{inner}{f',{inner}'.join(elements)}{new_line(depth)}]"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04X}"
