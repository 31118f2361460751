"""The grammar as a JSON schema: editors complete and check a spec with it."""

from copy import deepcopy
from typing import Any

from infnet_keras.spec.feature_spec import FeatureSpec

EXTENDS = {
    "type": "string",
    "description": "Another spec to start from: a file relative to this one, or a shipped spec. "
    "Mappings merge, lists and scalars are replaced, a key set to null is removed.",
}


def json_schema() -> dict[str, Any]:
    """JSON schema (draft 7) of a feature spec's YAML.

    A spec that `extends` another may leave out what the other says and set keys to null; any other
    spec is held to the full grammar. Descriptions come from the docstrings of the blocks.
    """
    whole = FeatureSpec.model_json_schema(ref_template="#/definitions/{model}")
    blocks = whole.pop("$defs")
    blocks["FeatureSpec"] = whole
    refinements = {f"{name}Refinement": _refinement(block) for name, block in blocks.items()}
    refinements["FeatureSpecRefinement"]["properties"]["extends"] = EXTENDS
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Feature spec of infnet-keras",
        "description": whole["description"],
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/definitions/FeatureSpecRefinement"},
        "else": {"$ref": "#/definitions/FeatureSpec"},
        "definitions": {**blocks, **refinements},
    }


def _refinement(block: dict[str, Any]) -> dict[str, Any]:
    """A block of which any key may be left out, or be null to remove it."""
    refined: dict[str, Any] = _refer_to_refinements(deepcopy(block))
    refined.pop("required", None)
    for name, value in refined["properties"].items():
        refined["properties"][name] = _or_null(value)
    return refined


def _or_null(value: dict[str, Any]) -> dict[str, Any]:
    values = value.get("additionalProperties")
    if isinstance(values, dict):
        value["additionalProperties"] = _or_null(values)
    return {"anyOf": [value, {"type": "null"}]}


def _refer_to_refinements(schema: Any) -> Any:
    if isinstance(schema, dict):
        refined = {
            key: f"{value}Refinement" if key == "$ref" else _refer_to_refinements(value)
            for key, value in schema.items()
        }
        if "oneOf" in refined:  # blocks that differ by `type`, which a refinement may leave out
            refined["anyOf"] = refined.pop("oneOf")
        return refined
    if isinstance(schema, list):
        return [_refer_to_refinements(item) for item in schema]
    return schema
