"""Which block, or which kind of value, stands at a path of the spec."""

import types
from typing import Any, Literal, Union, get_args, get_origin

from infnet_keras.spec.base import Block
from infnet_keras.spec.document import KeyPath
from infnet_keras.spec.feature_spec import FeatureSpec


def annotation_at(path: KeyPath) -> Any:
    """The type annotation of the value at a path; None where the grammar knows no such key.

    Example:
        >>> annotation_at(("tasks", "like"))
        <class 'infnet_keras.spec.tasks.Task'>
    """
    annotation: Any = FeatureSpec
    for key in path:
        annotation = _child(annotation, key)
        if annotation is None:
            return None
    return annotation


def block_of(annotation: Any) -> type[Block] | None:
    """The block among the alternatives of an annotation."""
    for alternative in alternatives(annotation):
        if isinstance(alternative, type) and issubclass(alternative, Block):
            return alternative
    return None


def choices_of(annotation: Any) -> list[str]:
    """The texts that a Literal among the alternatives allows."""
    literals = [a for a in alternatives(annotation) if get_origin(a) is Literal]
    return [str(choice) for literal in literals for choice in get_args(literal)]


def alternatives(annotation: Any) -> list[Any]:
    """The members of a union, flattened, without None; an annotation alone is its own."""
    while get_origin(annotation) is not None and hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__  # Annotated[int, Gt(0)] is an int here
    if get_origin(annotation) in (Union, types.UnionType):
        return [a for member in get_args(annotation) for a in alternatives(member)]
    return [] if annotation is type(None) else [annotation]


def _child(annotation: Any, key: str | int) -> Any:
    for alternative in alternatives(annotation):
        origin, arguments = get_origin(alternative), get_args(alternative)
        if origin is dict and isinstance(key, str):
            return arguments[1]
        if origin is list and isinstance(key, int):
            return arguments[0]
        if isinstance(alternative, type) and issubclass(alternative, Block):
            field = alternative.model_fields.get(str(key))
            return field.annotation if field is not None else None
    return None
