"""The JSON schema beside the specs is that of the grammar."""

import json
from pathlib import Path
from typing import Any

import pytest

import feature_specs
from infnet_keras.spec import FeatureSpec, json_schema, shipped_specs
from infnet_keras.spec.document import read_yaml

DIRECTORY = Path(feature_specs.__file__).parent


def test_the_shipped_file_is_up_to_date() -> None:
    shipped = json.loads((DIRECTORY / "feature_spec.schema.json").read_text(encoding="utf-8"))
    assert shipped == json_schema(), "write it anew: infnet spec schema"


def test_every_key_is_described() -> None:
    for name, block in json_schema()["definitions"].items():
        assert block["description"], name
        assert block["additionalProperties"] is False, name
        if not name.endswith("Refinement"):
            for key, value in block["properties"].items():
                assert value.get("description") or "$ref" in value, f"{name}.{key}"


def test_top_level_keys() -> None:
    definitions = json_schema()["definitions"]
    assert set(definitions["FeatureSpec"]["properties"]) == set(FeatureSpec.model_fields)
    refinement = definitions["FeatureSpecRefinement"]
    assert set(refinement["properties"]) == {*FeatureSpec.model_fields, "extends"}
    assert "required" not in refinement
    assert definitions["Task"]["required"] == ["label"]
    assert "required" not in definitions["TaskRefinement"]


@pytest.mark.parametrize("name", shipped_specs())
def test_the_schema_accepts_what_is_shipped(name: str) -> None:
    schema = json_schema()
    data = read_yaml(DIRECTORY / f"{name}.yaml").plain()
    branch = schema["then" if "extends" in data else "else"]
    assert accepts(branch, data, schema), name


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("model", "dmi"), 3),
        (("model", "dim"), 0),
        (("model", "dim"), "x"),
        (("tasks", "click", "label"), None),
        (("fields", "price", "derive"), "hour"),
        (("keys",), {"user": "u"}),
    ],
)
def test_the_schema_refuses_mistakes(path: tuple[str, ...], value: Any) -> None:
    schema = json_schema()
    data = read_yaml(DIRECTORY / "minimal.yaml").plain()
    block = data
    for key in path[:-1]:
        block = block.setdefault(key, {})
    block[path[-1]] = value
    assert not accepts(schema["else"], data, schema)


def accepts(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> bool:
    """A plain reading of the part of JSON schema that the grammar uses."""
    if "$ref" in schema:
        return accepts(root["definitions"][schema["$ref"].rsplit("/", 1)[1]], value, root)
    if "anyOf" in schema:
        return any(accepts(option, value, root) for option in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kind = schema["type"]
    if kind == "object":
        known, others = schema.get("properties", {}), schema["additionalProperties"]
        return (
            isinstance(value, dict)
            and all(key in value for key in schema.get("required", []))
            and all(
                accepts(known[key], item, root)
                if key in known
                else others is not False and accepts(others, item, root)
                for key, item in value.items()
            )
        )
    if kind == "array":
        return (
            isinstance(value, list)
            and len(value) >= schema.get("minItems", 0)
            and all(accepts(schema["items"], item, root) for item in value)
        )
    if kind in ("integer", "number"):
        kinds = int if kind == "integer" else int | float
        return (
            isinstance(value, kinds)
            and not isinstance(value, bool)
            and value > schema.get("exclusiveMinimum", -float("inf"))
            and value >= schema.get("minimum", -float("inf"))
            and value < schema.get("exclusiveMaximum", float("inf"))
            and value <= schema.get("maximum", float("inf"))
        )
    return isinstance(value, {"string": str, "boolean": bool, "null": type(None)}[kind])
