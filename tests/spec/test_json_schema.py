"""The JSON schema beside the specs is that of the grammar."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

import feature_specs
from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec, json_schema, shipped_specs, spec_from_dict
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
                assert value.get("description"), f"{name}.{key}"


def test_top_level_keys() -> None:
    definitions = json_schema()["definitions"]
    assert set(definitions["FeatureSpec"]["properties"]) == set(FeatureSpec.model_fields)
    refinement = definitions["FeatureSpecRefinement"]
    assert set(refinement["properties"]) == {*FeatureSpec.model_fields, "extends"}
    assert "required" not in refinement
    assert definitions["Task"]["required"] == ["label"]
    assert "required" not in definitions["TaskRefinement"]


def accepts(data: dict[str, Any]) -> bool:
    return bool(Draft7Validator(json_schema()).is_valid(data))


def minimal(**model: Any) -> dict[str, Any]:
    return read_yaml(DIRECTORY / "minimal.yaml").plain() | {"model": model}


def loads(data: dict[str, Any]) -> bool:
    try:
        spec_from_dict(data)
    except SpecError:
        return False
    return True


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(json_schema())


@pytest.mark.parametrize("name", shipped_specs())
def test_the_schema_accepts_what_is_shipped(name: str) -> None:
    assert accepts(read_yaml(DIRECTORY / f"{name}.yaml").plain())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("model", "dmi"), 3),
        (("model", "dim"), 0),
        (("model", "dim"), "x"),
        (("tasks", "click", "label"), None),
        (("fields", "price", "derive"), "hour"),
        (("keys",), {"user": "u"}),
        (("tokens",), "fused"),
    ],
)
def test_the_schema_refuses_mistakes(path: tuple[str, ...], value: Any) -> None:
    data = read_yaml(DIRECTORY / "minimal.yaml").plain()
    block = data
    for key in path[:-1]:
        block = block.setdefault(key, {})
    block[path[-1]] = value
    assert not accepts(data)


@pytest.mark.parametrize(
    ("model", "right"),
    [
        ({}, True),
        ({"dim": 8}, True),
        ({"type": "infnet", "blocks": 2, "variant": "paper"}, True),
        ({"blocks": 2}, True),
        ({"type": "shared_bottom"}, True),
        ({"type": "shared_bottom", "bottom_hidden": [4], "dropout": 0.1, "dim": 8}, True),
        ({"type": "shared_bottom", "bottom_hidden": []}, False),
        ({"type": "shared_bottom", "blocks": 2}, False),
        ({"type": "infnet", "bottom_hidden": [4]}, False),
        ({"bottom_hidden": [4]}, False),
        ({"type": "infnte"}, False),
        ({"type": None}, False),
        ({"type": 3}, False),
    ],
)
def test_the_schema_and_the_grammar_tell_models_apart_alike(
    model: dict[str, Any], right: bool
) -> None:
    data = minimal(**model)
    assert accepts(data) is right
    assert loads(data) is right


@pytest.mark.parametrize(
    ("model", "right"),
    [
        ({"dim": 8}, True),  # whichever type the base has
        ({"bottom_hidden": [4]}, True),
        ({"type": "shared_bottom"}, True),
        ({"blocks": None}, True),
        ({"type": "shared_bottom", "blocks": 2}, False),
        ({"bottom_hidden": [4], "blocks": 2}, False),
    ],
)
def test_a_refinement_may_leave_the_type_out(model: dict[str, Any], right: bool) -> None:
    assert accepts({"extends": "minimal", "model": model}) is right
