"""Pydantic's findings as one sentence in the words of the spec."""

from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from infnet_keras.spec.base import Block, SpecProblem
from infnet_keras.spec.blocks import annotation_at, block_of, choices_of
from infnet_keras.spec.document import KeyPath, Node
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.key_places import places_of
from infnet_keras.spec.models import model_options
from infnet_keras.spec.nearest import nearest

# What a value should have been, by the type of pydantic's error.
_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "names, each with its block",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "string_type": "a text",
}
_ALMOST_EQUAL = 0.8  # a slip of the fingers, rather than a key of another block
_NO_TYPE = ("union_tag_invalid", "union_tag_not_found")  # a block's `type` is none that is known
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "too_short": ("at least this many values:", "min_length"),
    "string_too_short": ("at least this many characters:", "min_length"),
    "string_too_long": ("at most this many characters:", "max_length"),
}


def first_problem(
    error: ValidationError, document: Node, top: type[Block] = FeatureSpec
) -> SpecProblem:
    """The finding that a reader should mend first: unknown keys, then by line.

    Args:
        error: what pydantic found in `document.plain()`.
        document: the document with the places of its values.
        top: the block that the document is.
    """
    found = [(_path(details, document), details) for details in error.errors()]
    found = [item for item in found if not _is_other_alternative(*item, found, document)]
    unknown = [item for item in found if item[1]["type"] == "extra_forbidden"]
    path, details = min(unknown or found, key=lambda item: document.place_of(item[0]).line or 0)
    together = [other for other_path, other in found if other_path == path]
    return SpecProblem(path, _sentence(path, details, together, document, top))


def _path(details: ErrorDetails, document: Node) -> KeyPath:
    """Where the error is in the document: its location without the names of alternatives."""
    path: KeyPath = ()
    location = details["loc"]
    if details["type"] in _NO_TYPE:
        location = (*location, "type")
    for position, key in enumerate(location):
        last = position == len(location) - 1
        if document.find((*path, key)) is not None or (last and details["type"] == "missing"):
            path = (*path, key)
    return path


def _is_other_alternative(
    path: KeyPath,
    details: ErrorDetails,
    found: list[tuple[KeyPath, ErrorDetails]],
    document: Node,
) -> bool:
    """Whether this only says that a block or list is not the scalar it could also have been."""
    node = document.find(path)
    if details["type"] not in ("literal_error", "string_type") or node is None:
        return False
    if not isinstance(node.value, dict | list):
        return False
    return any(other[: len(path)] == path and o is not details for other, o in found)


def _sentence(
    path: KeyPath,
    details: ErrorDetails,
    together: list[ErrorDetails],
    document: Node,
    top: type[Block],
) -> str:
    kind, value = details["type"], details["input"]
    context: dict[str, Any] = details.get("ctx", {})
    if kind == "extra_forbidden":
        block = block_of(annotation_at(path[:-1], document, top))
        known = list(block.model_fields) if block is not None else []
        return f"unknown key {path[-1]!r}; {_hint(path, known, top)}"
    if kind == "missing":
        return f"the key {path[-1]!r} is needed here and not given"
    if kind == "value_error":
        return str(context["error"])
    if kind in _NO_TYPE:
        types = list(model_options())
        found = value.get("type") if isinstance(value, dict) else value
        hint = nearest(found, types) if isinstance(found, str) else ""
        hint = f"; {hint}" if "did you mean" in hint else ""
        return f"expected one of {', '.join(types)}; found {_shown(found)}{hint}"
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f"expected {words} {context[bound]}; found {_shown(value)}"
    expected = [
        text for text in (_expected(path, other, document, top) for other in together) if text
    ]
    if not expected:
        return details["msg"]
    sentence = f"expected {' or '.join(dict.fromkeys(expected))}; found {_shown(value)}"
    choices = choices_of(annotation_at(path, document, top))
    if isinstance(value, str) and choices and "did you mean" in nearest(value, choices):
        sentence += f"; {nearest(value, choices)}"
    elif isinstance(value, bool | int | float) and "a text" in expected:
        sentence += ": put it in quotes"
    return sentence


def _hint(path: KeyPath, known: list[str], top: type[Block]) -> str:
    """Where an unknown key belongs, or the key of this block that was meant."""
    key = str(path[-1])
    if top is not FeatureSpec:  # whose places are of a spec
        return nearest(key, known)
    # A model of another type is no other place.
    places = [p or "the spec itself" for p in places_of(key) if p != path[0] or p != "model"]
    if not places or get_close_matches(key, known, n=1, cutoff=_ALMOST_EQUAL):
        return nearest(key, known)
    return f"it is a key of {' or of '.join(places)}"


def _expected(path: KeyPath, details: ErrorDetails, document: Node, top: type[Block]) -> str:
    kind = details["type"]
    if kind == "literal_error":
        return "one of " + ", ".join(choices_of(annotation_at(path, document, top)))
    if kind == "model_type":
        block = block_of(annotation_at(path, document, top))
        return f"a block with keys of {', '.join(block.model_fields)}" if block is not None else ""
    return _EXPECTED.get(kind, "")


def _shown(value: Any) -> str:
    """A value as YAML spells it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a block" if value else "an empty block"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return repr(value)
