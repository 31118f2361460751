"""The fields of KServe's resources, from the models in the kserve package.

The models are read, not imported: importing them needs KServe's model server and all it depends
on, which `make setup` leaves out.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_PRIMITIVES = {"str": str, "int": int, "bool": bool, "float": float}


def unknown_fields(value: Any, model: str) -> list[str]:
    """What is wrong in a resource: fields that KServe does not have, and primitive values of
    another type than it takes.

    Args:
        value: the resource, as YAML holds it.
        model: name of the class of KServe's that describes it.

    Returns:
        Sentences, sorted; Kubernetes' own objects inside are not looked into.
    """
    return sorted(_problems(value, model, ""))


def _problems(value: Any, kind: str, path: str) -> Iterator[str]:
    listed = re.fullmatch(r"list\[(.+)\]", kind)
    if listed:
        for index, item in enumerate(value):
            yield from _problems(item, listed[1], f"{path}[{index}]")
    elif kind in _PRIMITIVES:
        if type(value) is not _PRIMITIVES[kind]:
            yield f"{path}: {value!r} is not of type {kind}"
    elif kind in _models():
        fields = _models()[kind]
        for name, item in value.items():
            where = f"{path}.{name}" if path else name
            if name in fields:
                yield from _problems(item, fields[name], where)
            else:
                yield f"{where}: unknown"


@cache
def _models() -> dict[str, dict[str, str]]:
    """KServe's class -> field, as YAML spells it -> type."""
    package = find_spec("kserve")
    assert package is not None, "pip install --no-deps kserve, which `make setup` does"
    assert package.origin is not None
    found = {}
    for path in (Path(package.origin).parent / "models").glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                tables = {
                    target.id: ast.literal_eval(line.value)
                    for line in node.body
                    if isinstance(line, ast.Assign)
                    for target in line.targets
                    if isinstance(target, ast.Name)
                }
                names = tables["attribute_map"]
                found[node.name] = {names[n]: t for n, t in tables["openapi_types"].items()}
    return found
