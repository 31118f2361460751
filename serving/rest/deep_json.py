"""JSON that nests deeper than the parser follows."""

import re

import rapidjson

# The parser gives up at about a thousand levels, by Python's own limit.
_LEVELS = 256
# Beyond this a text is not looked through by Python.
_LONGEST = 2 * 2**20
_BRACKETS = re.compile(rb'[\[{]+|[\]}]+|"(?:[^"\\]|\\.)*"', re.DOTALL)


def without_depth(text: bytes) -> bytes:
    """JSON text in which every value that is 256 levels deep is a 0.

    Such a value can be no tensor, but a member that nobody reads may be as deep as it likes.
    Each value is still parsed before it goes, in linear time and with bounded recursion.

    Args:
        text: JSON that may nest at any depth.

    Raises:
        ValueError: a value that went is no JSON.
        RecursionError: the text has more than 2 MiB.

    Example:
        >>> len(without_depth(b"[" * 1000 + b"]" * 1000))
        513

    Source:
        ParseJson of TensorFlow Serving's util/json_tensor.cc parses iteratively, to any depth.
    """
    if len(text) > _LONGEST:
        raise RecursionError("Maximum parse recursion depth exceeded!")
    # The pieces of each value that is cut out, the document's own below them.
    values: list[list[bytes]] = [[]]
    depth = done = 0
    for match in _BRACKETS.finditer(text):
        start, count = match.start(), len(match[0])
        if match[0][0] in b"[{":
            for cut in _cuts(depth + 1, depth + count):
                end = start + cut - depth - 1
                values[-1].append(text[done:end])
                values.append([])
                done = end
            depth += count
        elif match[0][0] in b"]}":
            for cut in reversed(_cuts(depth - count + 1, depth)):
                end = start + depth - cut + 1
                values[-1].append(text[done:end])
                rapidjson.loads(b"".join(values.pop()), number_mode=rapidjson.NM_NAN)
                values[-1].append(b"0")
                done = end
            depth -= count
            if depth <= 0:
                break
    values[-1].append(text[done:])
    return b"".join(map(b"".join, values))


def _cuts(lowest: int, highest: int) -> range:
    """The depths of a range at which a value is cut out."""
    first = max(-(-(lowest - 1) // _LEVELS), 1) * _LEVELS + 1
    return range(first, highest + 1, _LEVELS)
