"""YAML that cannot claim more than its length lets expect: bounded depth, values and digits."""

from __future__ import annotations

from typing import Any

import yaml


class BoundedYAMLError(yaml.MarkedYAMLError):
    """Valid YAML that claims more than a spec may."""


_DEPTH = 64
_VALUES = 100_000
_DIGITS = 100


def compose(text: str, loader: yaml.SafeLoader) -> yaml.Node | None:
    """The text's one document as YAML nodes; None where there is none.

    An alias is the node that it names, so a few lines of aliases can stand for billions of values:
    they are counted before anybody walks them.

    Args:
        text: the YAML.
        loader: made of the same text.

    Raises:
        BoundedYAMLError: it nests deeper than 64 levels, says or repeats more than 100,000
            values, or has an anchor that contains itself.
        yaml.YAMLError: the text is not YAML.
    """
    depth = 0
    for event in yaml.parse(text, Loader=type(loader)):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH:
            raise _refused(event.start_mark, f"nested deeper than {_DEPTH} levels")
    node = loader.get_single_node()
    if node is not None:
        _count(node, {}, set())
    return node


def construct(node: yaml.Node, loader: yaml.SafeLoader) -> Any:
    """The value of a node.

    Raises:
        BoundedYAMLError: it is no value of its type, or a number of more than 100 digits.
    """
    if node.tag.endswith((":int", ":float")) and len(node.value) > _DIGITS:
        problem = f"a number of {len(node.value)} digits: put it in quotes if it is a text"
        raise _refused(node.start_mark, problem)
    try:
        return loader.construct_object(node, deep=True)
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise _refused(node.start_mark, f"a value is not a {node.tag.split(':')[-1]}") from error


def _count(node: yaml.Node, counted: dict[int, int], inside: set[int]) -> int:
    """How many values a node stands for, each alias counted as what it repeats."""
    if id(node) in inside:
        raise _refused(node.start_mark, "an anchor contains itself: write the block out")
    if id(node) not in counted:
        inside.add(id(node))
        children: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            children = node.value
        elif isinstance(node, yaml.MappingNode):
            children = [part for pair in node.value for part in pair]
        total = 1 + sum(_count(child, counted, inside) for child in children)
        inside.remove(id(node))
        if total > _VALUES:
            problem = f"its aliases stand for more than {_VALUES:,} values"
            raise _refused(node.start_mark, problem)
        counted[id(node)] = total
    return counted[id(node)]


def _refused(mark: Any, problem: str) -> BoundedYAMLError:
    return BoundedYAMLError(problem=problem, problem_mark=mark)
