"""Single values replaced by dotted keys."""

# ruff: noqa: E501 - a mistake a line reads as a table

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec, load_spec, override_spec, read_value


@pytest.fixture
def spec(text: str, write: Callable[..., Path]) -> FeatureSpec:
    return load_spec(write(text))


def test_values_are_replaced_and_the_rest_stays(spec: FeatureSpec) -> None:
    changed = override_spec(
        spec,
        {
            "model.dim": 64,
            "model.tower_hidden": [3],
            "tasks.buy.weight": 2,
            "training.schedule.warmup_steps": 5,
            "sequences.view.length": 7,
            "weighting": "uncertainty",
        },
    )
    expected = spec.model_dump()
    expected["model"] |= {"dim": 64, "tower_hidden": [3]}
    expected["tasks"]["buy"]["weight"] = 2.0
    expected["training"]["schedule"]["warmup_steps"] = 5
    expected["sequences"]["view"]["length"] = 7
    expected["weighting"] = "uncertainty"
    assert changed.model_dump() == expected
    assert spec.model.dim == 16


def test_names_are_added_and_removed(spec: FeatureSpec) -> None:
    changed = override_spec(
        spec,
        {
            "tasks.buy": None,
            "tasks.watch": {"label": "watched"},
            "sources.items.types.tags": "string",
            "sequences.view.attributes.brand": "brand",
        },
    )
    assert list(changed.tasks) == ["click", "watch"]
    assert changed.sources["items"].types["tags"] == "string"
    assert changed.sequence_features[2].name == "view__brand"


def test_nothing_to_override(spec: FeatureSpec) -> None:
    assert override_spec(spec, {}) == spec


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model.dmi", 3, "model.dmi: there is no 'dmi' in model; did you mean 'dim'?"),
        ("modle.dim", 3, "modle.dim: there is no 'modle'; did you mean 'model'?"),
        ("tasks.bay.weight", 3, "tasks.bay.weight: there is no 'bay' in tasks; did you mean 'buy'?"),
        ("tasks.bay", 3, "tasks.bay: there is no 'bay' in tasks; did you mean 'buy'?"),
        ("name.x", 3, "name.x: there is no 'x' in name; none is declared"),
        ("model.dim", "64", "model.dim: expected a whole number; found '64'"),
        ("model.blocks", 1, "model.blocks: expected at least 2; found 1"),
        ("tasks.buy", {"label": "at"}, "tasks.buy.label: 'at' is the time column: it cannot be a label"),
        ("tasks.sell", {"lable": "x"}, "tasks.sell.lable: unknown key 'lable'; did you mean 'label'?"),
    ],
)  # fmt: skip
def test_mistake(spec: FeatureSpec, key: str, value: Any, message: str) -> None:
    with pytest.raises(SpecError) as error:
        override_spec(spec, {key: value})
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "value"),
    [("64", 64), ("1e-3", 0.001), ("true", True), ("2022-04-25", "2022-04-25"), ("[8, 4]", [8, 4])],
)
def test_values_are_read_as_in_a_file(text: str, value: Any) -> None:
    assert read_value(text) == value
    assert type(read_value(text)) is type(value)


def test_a_text_that_is_no_value() -> None:
    with pytest.raises(SpecError, match=r"'\[8' is not a YAML value: expected ',' or '\]'"):
        read_value("[8")
