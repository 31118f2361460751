"""Where in a spec a block stands, and a key is known."""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

from infnet_keras.spec.base import Block
from infnet_keras.spec.blocks import alternatives
from infnet_keras.spec.feature_spec import FeatureSpec


def places_of(key: str) -> list[str]:
    """The blocks that have a key of this name, as dotted paths; "" is the spec itself.

    Example:
        >>> places_of("until")
        ['fields.NAME.derive.history_count', 'fields.NAME.derive.history_rate', 'sequences.NAME']
    """
    return _places().get(key, [])


@cache
def _places() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path, block in sorted(blocks_below(FeatureSpec, ""), key=lambda item: item[0]):
        for key in block.model_fields:
            if path not in found.setdefault(key, []):
                found[key].append(path)
    return found


def blocks_below(
    annotation: Any, path: str, around: tuple[Any, ...] = ()
) -> Iterator[tuple[str, Any]]:
    """Every block below an annotation, each with its path, in the order of the keys.

    Args:
        annotation: of the value at `path`.
        path: dotted; a name that the spec's author gives is NAME.
        around: blocks that this one is inside of: none is looked for inside itself.
    """
    for alternative in alternatives(annotation):
        if get_origin(alternative) is dict:
            yield from blocks_below(get_args(alternative)[1], f"{path}.NAME", around)
        elif get_origin(alternative) is list:
            yield from blocks_below(get_args(alternative)[0], path, around)
        elif _is_block(alternative) and alternative not in around:
            yield path, alternative
            for key, field in alternative.model_fields.items():
                inside = f"{path}.{key}" if path else key
                yield from blocks_below(field.annotation, inside, (*around, alternative))


def _is_block(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Block)
