"""What values a key takes, in words."""

import json
import re
from typing import Any

from pydantic.fields import FieldInfo

from infnet_keras.spec.base import Block

_SIMPLE = {"string": "text", "boolean": "`true` or `false`"}
_PLURAL = re.compile(r"^(text|number|whole number)\b")
_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def values_in_words(schema: dict[str, Any], links: dict[str, str]) -> str:
    """Say in words what a JSON schema allows; that a key may be null is left out.

    Args:
        schema: of one key, as pydantic writes it.
        links: what stands for a reference to a block, by the name of its class.

    Example:
        >>> values_in_words({"type": "array", "items": {"type": "integer", "minimum": 1}}, {})
        'list of whole numbers, at least 1'
    """
    if "$ref" in schema:
        return links[schema["$ref"].rsplit("/", 1)[1]]
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if choices is not None:
        return ", ".join(f"`{literal(choice)}`" for choice in choices)
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if alternatives:
        given = [each for each in alternatives if each.get("type") != "null"]
        if {"type": "number"} in given:  # which an integer is too
            given = [each for each in given if each != {"type": "integer"}]
        return ", or ".join(values_in_words(each, links) for each in given)
    if schema["type"] == "array":
        each = values_in_words(schema["items"], links)
        several = each if "or" in each.split() else _PLURAL.sub(r"\1s", each)
        return f"list of ({each})" if several == each else f"list of {several}"
    if schema["type"] == "object":
        return f"NAME: {values_in_words(schema['additionalProperties'], links)}"
    return _SIMPLE.get(schema["type"]) or _number(schema)


def default_in_words(field: FieldInfo) -> str:
    """What a key is where a spec says nothing."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "none" if value is None else f"`{literal(value)}`"


def literal(value: Any) -> str:
    """A value as the YAML of a spec would have it.

    Example:
        >>> literal([64, 32]), literal("adam"), literal(",")
        ('[64, 32]', 'adam', '","')
    """
    if isinstance(value, Block):
        return "{}"  # a block of its own defaults
    if isinstance(value, str) and value.replace("_", "").replace("-", "").isalnum():
        return value
    return json.dumps(value)


def _number(schema: dict[str, Any]) -> str:
    kind = "whole number" if schema["type"] == "integer" else "number"
    bounds = [f"{words} {schema[key]:g}" for key, words in _BOUNDS.items() if key in schema]
    return ", ".join([kind, " and ".join(bounds)]) if bounds else kind
