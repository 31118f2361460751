"""docs/options.md is what the docstrings say: every key, once a block, with its values."""

import re
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.cli import main
from infnet_keras.spec import json_schema, options_page
from infnet_keras.spec.reference.values import values_in_words

PAGE = Path(__file__).parents[2] / "docs" / "options.md"
ROW = re.compile(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


def test_the_file_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spec", "options"]) == 0
    assert PAGE.read_text("utf-8") == capsys.readouterr().out, (
        "infnet spec options > docs/options.md"
    )


def test_every_key_of_the_schema_is_on_it() -> None:
    sections = options_page().split("\n## ")[1:]
    found = sorted(sorted(row[0] for row in ROW.findall(section)) for section in sections)
    blocks = json_schema()["definitions"].items()
    keys = {name: set(block["properties"]) for name, block in blocks if "Refinement" not in name}
    keys["FeatureSpec"].add("extends")
    assert found == sorted(sorted(each) for each in keys.values())


def test_required_keys_are_those_of_the_schema() -> None:
    rows = ROW.findall(options_page())
    required = [key for key, _, default, _ in rows if default == "required"]
    blocks = json_schema()["definitions"].items()
    wanted = [k for n, b in blocks if "Refinement" not in n for k in b.get("required", [])]
    assert sorted(required) == sorted(wanted)


def test_links_lead_to_headings() -> None:
    headings = re.findall(r"^## (.+)$", options_page(), re.MULTILINE)
    links = re.findall(r"\[([^\]]+)\]\(#([^)]+)\)", options_page())
    assert {text for text, _ in links} == set(headings[1:])
    anchors = {text: "".join(c for c in text if c.isalnum() or c in "-_ ") for text in headings}
    assert all(place == anchors[text].lower().replace(" ", "-") for text, place in links)


def test_what_a_variant_changes_is_said() -> None:
    [line] = re.findall(r"^With `variant: paper` .+$", options_page(), re.MULTILINE)
    assert "`task_scale: 0.05`" in line
    assert "`towers_read: tasks`" in line
    assert "blocks" not in line


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "boolean"}, "`true` or `false`"),
        ({"enum": ["s", "ms"], "type": "string"}, "`s`, `ms`"),
        ({"const": "binary"}, "`binary`"),
        ({"const": False}, "`false`"),
        ({"type": "integer", "exclusiveMinimum": 0}, "whole number, above 0"),
        ({"type": "number", "minimum": 0, "maximum": 1}, "number, at least 0 and at most 1"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number"),
        (
            {"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "string"}]},
            "number, or text",
        ),
        ({"type": "array", "items": {"type": "string"}}, "list of texts"),
        (
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "boolean"}]}},
            "list of (text, or `true` or `false`)",
        ),
        ({"type": "object", "additionalProperties": {"$ref": "#/$defs/Task"}}, "NAME: TASK"),
    ],
)
def test_values_in_words(schema: dict[str, Any], words: str) -> None:
    assert values_in_words(schema, {"Task": "TASK"}) == words
