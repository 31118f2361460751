"""Sequences whose steps hold the time from them to the impression."""

from typing import Any

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.features.raw_inputs import raw_inputs
from infnet_keras.spec import FeatureSpec, dump_spec, load_spec, override_spec, parse_spec

GAP = {"tables.gap": {"boundaries": [60, 3600]}, "sequences.click.time_gap": "gap"}


def spec(**changes: Any) -> FeatureSpec:
    return override_spec(load_spec("minimal"), {**GAP, **changes})


def test_it_is_one_more_attribute_of_the_steps() -> None:
    found = spec()
    feature = found.sequence_feature("click", "time_gap")
    assert (feature.name, feature.table, feature.length) == ("click__time_gap", "gap", 20)
    assert feature.field is None
    assert [f.name for f in found.sequence_features if f.sequence == "view"] == [
        "view__item",
        "view__category",
    ]
    assert parse_spec(dump_spec(found)) == found


def test_a_request_holds_whole_seconds() -> None:
    found = spec()
    types: dict[str, Any] = dict.fromkeys(found.input_columns, "int64")
    types |= {f.column: "int64" for f in found.sequence_features if f.column != "time_gap"}
    types |= {"tags": "string"}
    raw = {each.name: each for each in raw_inputs(found, types)}["click__time_gap"]
    assert (raw.dtype, raw.kind, raw.side) == ("int64", "sequence", "user")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sequences.click.time_gap": "gaps"}, r"there is no table 'gaps'; did you mean 'gap'"),
        ({"tables.gap": {"quantiles": 5}}, r"table 'gap' has quantiles: seconds need `boundaries`"),
        (
            {"sequences.counted": {"time_gap": "gap"}},
            r"a behaviour without attributes has no steps in the model: drop `time_gap`",
        ),
        (
            {"sequences.click.attributes": {"item": "item", "time_gap": "gap"}},
            r"a column is called 'time_gap' already",
        ),
        (
            {
                "sequences.past": {
                    "column": "past",
                    "length": 5,
                    "attributes": {"item": "item"},
                    "time_gap": "gap",
                }
            },
            r"the steps of a ready-made history stand in a cell, and their times are not kept",
        ),
    ],
)
def test_what_it_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        spec(**changes)


def test_a_log_without_times_has_none() -> None:
    content = {
        "name": "timeless",
        "sources": {"log": {"files": "log.csv", "time": {"row_order": "log"}}},
        "keys": {"user": "user", "item": "item"},
        "tables": {"item": {"vocabulary": {}}, "gap": {"boundaries": [60]}},
        "fields": {"item": {"side": "item", "table": "item"}},
        "sequences": {"view": {"length": 2, "attributes": {"item": "item"}, "time_gap": "gap"}},
        "tasks": {"click": {"label": "click"}},
    }
    from infnet_keras.spec import spec_from_dict

    with pytest.raises(SpecError, match=r"this needs a time column"):
        spec_from_dict(content)
