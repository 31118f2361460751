"""The page of all options: a section a block, a line a key."""

import re
from inspect import getdoc
from typing import Any

from infnet_keras.spec.base import Block
from infnet_keras.spec.blocks import choices_of
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.json_schema import EXTENDS
from infnet_keras.spec.key_places import blocks_below
from infnet_keras.spec.models import ModelOptions
from infnet_keras.spec.reference.values import default_in_words, literal, values_in_words

_HEAD = """\
# Every option of a feature spec

Written by `infnet spec options > docs/options.md` from the docstrings of `infnet_keras/spec`; a
test holds the two equal. [feature_spec.md](feature_spec.md) is the guide, with examples; here is
every key, the values that it takes and what it is where the spec says nothing. `NAME` stands for a
name that you give. `--set` of the commands takes the same keys: `--set model.dropout=0.1`.
"""
_TABLE = "| key | values | default | meaning |\n|---|---|---|---|"


def options_page() -> str:
    """The page in Markdown: all blocks of the grammar, in the order of the spec's keys.

    Example:
        >>> "| `patience` | whole number, above 0 | `2` |" in options_page()
        True
    """
    places: dict[type[Block], list[str]] = {}
    for path, block in blocks_below(FeatureSpec, ""):
        places.setdefault(block, []).append(path)
    headings = {block: _heading(block, paths[0]) for block, paths in places.items()}
    links = {block.__name__: f"[{text}](#{_anchor(text)})" for block, text in headings.items()}
    sections = [_section(block, headings[block], places[block], links) for block in places]
    return "\n".join([_HEAD, *sections])


def _heading(block: type[Block], path: str) -> str:
    if issubclass(block, ModelOptions):
        return f"{path} of type {choices_of(block.model_fields['type'].annotation)[0]}"
    return path or "The spec"


def _anchor(heading: str) -> str:
    """What a renderer of Markdown makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _section(block: type[Block], heading: str, paths: list[str], links: dict[str, str]) -> str:
    lines = [f"## {heading}", "", getdoc(block) or "", ""]
    if len(paths) > 1:
        lines += [f"Also: {', '.join(f'`{path}`' for path in paths[1:])}.", ""]
    lines.append(_TABLE)
    if block is FeatureSpec:
        lines.append(_line("extends", "text", "none", EXTENDS["description"]))
    schema = block.model_json_schema(by_alias=False)
    for key, field in block.model_fields.items():
        values = values_in_words(schema["properties"][key], links)
        lines.append(_line(key, values, default_in_words(field), field.description or ""))
    return "\n".join([*lines, *_variants(block), ""])


def _line(key: str, values: str, default: str, description: str) -> str:
    cells = (f"`{key}`", values, default, " ".join(description.split()))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _variants(block: type[Block]) -> list[str]:
    """What the defaults are under each variant of a model."""
    if "variant" not in block.model_fields:
        return []
    usual, *others = choices_of(block.model_fields["variant"].annotation)
    lines = []
    for variant in others:
        changed = _defaults(block, variant).items() - _defaults(block, usual).items()
        said = ", ".join(f"`{key}: {value}`" for key, value in sorted(changed) if key != "variant")
        lines += ["", f"With `variant: {variant}` the defaults are {said}."]
    return lines


def _defaults(block: type[Block], variant: str) -> dict[str, str]:
    options: Any = block.model_validate({"variant": variant})
    return {key: literal(getattr(options, key)) for key in block.model_fields}
