"""Single values of a spec replaced from Python or the command line."""

from collections.abc import Mapping
from typing import Any

from infnet_keras.errors import SpecError
from infnet_keras.spec.blocks import annotation_at, block_of
from infnet_keras.spec.document import KeyPath, Node
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.loading import checked_spec, refined
from infnet_keras.spec.nearest import nearest

_FIRST = ("model.type", "model")  # what says which other keys there are


def override_spec(spec: FeatureSpec, overrides: Mapping[str, Any]) -> FeatureSpec:
    """A spec with single values replaced.

    Args:
        spec: the spec to start from; it stays as it is.
        overrides: new values under dotted keys, such as {"model.dim": 64}. A mapping merges into
            the block that it replaces, None removes a key. `model.type` is applied first: what
            the models have in common stays, the other keys of `model` go.

    Raises:
        SpecError: there is no such key (with the nearest valid one), or the result is no spec.

    Example:
        >>> from infnet_keras.spec import load_spec
        >>> override_spec(load_spec("minimal"), {"model.dim": 64}).dim
        64
    """
    document = Node.of(spec.model_dump(mode="json", exclude_defaults=True))
    for key, value in sorted(overrides.items(), key=lambda item: item[0] not in _FIRST):
        path = tuple(key.split("."))
        _check_known(key, path, value, document)
        refinement = Node.of(value)
        for part in reversed(path):
            refinement = Node({part: refinement}, refinement.place)
        document = refined(document, refinement)
    return checked_spec(document)


def _check_known(key: str, path: KeyPath, value: Any, document: Node) -> None:
    for depth, part in enumerate(path):
        around = path[:depth]
        block = block_of(annotation_at(around, document))
        if block is not None:
            known = list(block.model_fields)
        else:
            node = document.find(around)
            known = list(node.value) if node is not None and isinstance(node.value, dict) else []
            if depth == len(path) - 1 and isinstance(value, Mapping | str):
                continue  # a new task, field, table, column type ...
        if part not in known:
            where = f" in {'.'.join(map(str, around))}" if around else ""
            raise SpecError(f"{key}: there is no {part!r}{where}; {nearest(str(part), known)}")
