"""Which block, or which kind of value, stands at a path of the spec."""

import types
from typing import Any, Literal, Union, get_args, get_origin

from infnet_keras.spec.base import Block
from infnet_keras.spec.document import KeyPath, Node
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.models.any_model import DEFAULT_TYPE


def annotation_at(path: KeyPath, document: Node, top: type[Block] = FeatureSpec) -> Any:
    """The type annotation of the value at a path; None where the grammar knows no such key.

    Args:
        path: keys from the top of the document.
        document: the spec; its `type` says which of several blocks stands at a place.
        top: the block that the whole document is.

    Example:
        >>> annotation_at(("tasks", "like"), Node.of({}))
        <class 'infnet_keras.spec.tasks.Task'>
        >>> annotation_at(("model",), Node.of({"model": {"type": "shared_bottom"}}))
        <class 'infnet_keras.spec.models.multi_task.shared_bottom.SharedBottomOptions'>
    """
    annotation: Any = top
    for depth, key in enumerate(path):
        annotation = _child(annotation, key)
        if annotation is None:
            return None
        annotation = _of_type(annotation, document.find((*path[: depth + 1], "type")))
    return annotation


def _of_type(annotation: Any, type_node: Node | None) -> Any:
    """Of several blocks that differ by `type`, the one that is named; else the annotation."""
    blocks = [a for a in alternatives(annotation) if isinstance(a, type) and issubclass(a, Block)]
    if len(blocks) < 2:
        return annotation
    named = DEFAULT_TYPE if type_node is None else type_node.value
    found = [b for b in blocks if named in choices_of(b.model_fields["type"].annotation)]
    return found[0] if found else annotation


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
