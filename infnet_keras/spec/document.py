"""YAML as data that remembers where each value was written."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infnet_keras.errors import SpecError
from infnet_keras.spec.bounded_yaml import BoundedYAMLError, compose, construct

KeyPath = tuple[str | int, ...]
_FLOAT = re.compile(r"^[-+]?[0-9]+[eE][-+]?[0-9]+$")  # 1e-3: a number in YAML 1.2, text in 1.1


class _Loader(yaml.SafeLoader):
    """Reads 1e-3 as a number, and a date as the text that it is."""


class _Dumper(yaml.SafeDumper):
    """Quotes the texts that `_Loader` would read as something else."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _class in (_Loader, _Dumper):
    _class.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789"))


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Escaped where characters are invisible: unescaped, some line ends read back as blanks."""
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


@dataclass(frozen=True)
class Place:
    """A line of a file; data that never were in a file have none."""

    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: " if self.file is not None else ""


@dataclass(frozen=True)
class Node:
    """A value and the place of its key: a dict or list of nodes, or a scalar."""

    value: Any
    place: Place

    @classmethod
    def of(cls, data: Any) -> Node:
        """Plain data as a node without a place."""
        if isinstance(data, dict):
            return cls({key: cls.of(value) for key, value in data.items()}, Place())
        if isinstance(data, list | tuple):
            return cls([cls.of(value) for value in data], Place())
        return cls(data, Place())

    def plain(self) -> Any:
        """The data without their places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def find(self, path: KeyPath) -> Node | None:
        """The node at a path of keys and indices, if there is one."""
        node = self
        for key in path:
            children = dict(enumerate(node.value)) if isinstance(node.value, list) else node.value
            if not isinstance(children, dict) or key not in children:
                return None
            node = children[key]
        return node

    def place_of(self, path: KeyPath) -> Place:
        """Where a path, or the nearest block around it, was written."""
        node = self.find(path)
        return node.place if node is not None else self.place_of(path[:-1])

    def merged_with(self, refinement: Node) -> Node:
        """This node refined by another: mappings merge, a null removes, all else is replaced."""
        if not (isinstance(self.value, dict) and isinstance(refinement.value, dict)):
            return refinement
        merged = dict(self.value)
        for key, node in refinement.value.items():
            if key not in merged:
                merged[key] = node
            elif node.value is None:
                del merged[key]
            else:
                merged[key] = merged[key].merged_with(node)
        return Node(merged, refinement.place)


def read_yaml(file: Path, what: str = "a feature spec") -> Node:
    """Read one YAML file whose top is a mapping.

    Args:
        file: the file.
        what: what it should hold, for errors.

    Raises:
        SpecError: the file is not there, is not UTF-8 text or not YAML, says a key twice or has a
            key that is not text; the message names file and line.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SpecError(f"{file}: is not UTF-8 text: {error.reason}") from error
    return parse_yaml(text, str(file), what)


def parse_yaml(text: str, file: str, what: str = "a feature spec") -> Node:
    """Parse YAML text whose top is a mapping.

    Args:
        text: the YAML.
        file: what errors call its origin.
        what: what it should hold, for errors.

    Raises:
        SpecError: as `read_yaml` raises it.
    """
    try:
        loader = _Loader(text)
        top = compose(text, loader)
        document = _located(top, loader, file, 1, ()) if top is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1 if mark is not None else 1)
        context = f" {error.context}" if error.context else ""
        kind = "" if isinstance(error, BoundedYAMLError) else "not valid YAML: "
        raise SpecError(f"{place}{kind}{error.problem}{context}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SpecError(f"{file}:{line}: not valid YAML: {error.reason}") from error
    if document is None or not isinstance(document.value, dict):
        raise SpecError(f"{file}:1: {what} is a mapping of keys such as `name` to values")
    return document


def read_value(text: str) -> Any:
    """One YAML value as a spec reads it: 1e-3 is a number, a date is a text.

    Raises:
        SpecError: the text is not YAML, or claims more than a spec may.

    Example:
        >>> read_value("1e-3")
        0.001
    """
    try:
        loader = _Loader(text)
        node = compose(text, loader)
        return None if node is None else construct(node, loader)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or getattr(error, "reason", "")
        raise SpecError(f"{text!r} is not a YAML value: {problem}") from error


def write_yaml(data: dict[str, Any]) -> str:
    """Data as YAML text that reads back equal; innermost blocks take one line."""
    return yaml.dump(
        data,
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=None,
        width=100,
        allow_unicode=True,
    )


def _located(node: yaml.Node, loader: _Loader, file: str, line: int, path: KeyPath) -> Node:
    place = Place(file, line)
    if isinstance(node, yaml.SequenceNode):
        items = [
            _located(item, loader, file, item.start_mark.line + 1, (*path, index))
            for index, item in enumerate(node.value)
        ]
        return Node(items, place)
    if not isinstance(node, yaml.MappingNode):
        return Node(construct(node, loader), place)
    _reject_repeats(node, loader, file, path)
    loader.flatten_mapping(node)  # `<<: *anchor`
    mapping = {}
    for key_node, value in node.value:
        key = construct(key_node, loader)
        key_line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            raise SpecError(
                f"{Place(file, key_line)}{dotted(path)}: the key {key_node.value} is not read as "
                "text: put it in quotes"
            )
        mapping[key] = _located(value, loader, file, key_line, (*path, key))
    return Node(mapping, place)


def _reject_repeats(node: yaml.MappingNode, loader: _Loader, file: str, path: KeyPath) -> None:
    lines: dict[Hashable, int] = {}
    for key_node, _ in node.value:
        line = key_node.start_mark.line + 1
        key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is not None and key in lines:
            raise SpecError(
                f"{Place(file, line)}{dotted((*path, key))}: this key is already given in line "
                f"{lines[key]}: keep one of the two"
            )
        lines[key] = line


def dotted(path: KeyPath) -> str:
    """A path as the reader writes it: tasks.like.weight, model.tower_hidden[0]."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text or "the spec"
