"""A spec that uses every kind of transform, assets for it and raw requests."""

from typing import Any

import pytest

from infnet_keras.features.assets import Assets, definition_of
from infnet_keras.features.number_spread import NumberSpread
from infnet_keras.spec import FeatureSpec, spec_from_dict

SPEC: dict[str, Any] = {
    "name": "everything",
    "sources": {
        "events": {
            "files": "log.csv",
            "time": {"column": "time_ms", "unit": "ms", "timezone": "Europe/Berlin"},
            "types": {"video_id": "int64"},
        }
    },
    "keys": {"user": "user_id", "item": "video_id"},
    "tables": {
        "video": {"vocabulary": {"min_count": 1}, "oov": 3},
        "tag": {"vocabulary": {}, "missing": "own"},
    },
    "fields": {
        "user_id": {"side": "user", "hash": 50},
        "video_id": {"side": "item", "table": "video"},
        "tag": {"side": "item", "table": "tag", "multivalue": "||", "max_values": 2},
        "duration": {"side": "item", "quantiles": 4},
        "price": {"side": "item", "boundaries": [1.5, 7.0]},
        "tab": {"side": "context", "identity": 5},
        "hour": {"side": "context", "derive": "hour_of_day"},
        "weekday": {"side": "context", "derive": "day_of_week"},
        "monthday": {"side": "context", "derive": "day_of_month"},
        "age": {
            "side": "item",
            "derive": {"days_since": {"column": "upload_date"}},
            "boundaries": [0.0, 1.0, 30.0],
        },
        "clicks": {
            "side": "user",
            "derive": {"history_count": {"sequence": "click"}},
            "boundaries": [1.0, 10.0],
        },
        "gap": {
            "side": "user",
            "derive": {"seconds_since": {"sequence": "view"}},
            "boundaries": [60.0],
        },
        "exact_price": {"side": "item", "column": "price", "numeric": {}},
        "exact_duration": {
            "side": "item",
            "column": "duration",
            "numeric": {"transform": "log", "clip": 3.0, "embedding": "periodic"},
        },
        "exact_age": {
            "side": "item",
            "derive": {"days_since": {"column": "upload_date"}},
            "numeric": {},
        },
        "all_alike": {
            "side": "user",
            "numeric": {},
            "derive": {"history_count": {"sequence": "view"}},
        },
    },
    "sequences": {
        "view": {"length": 3, "attributes": {"video_id": "video", "tag": "tag"}},
        "click": {"when": "is_click == 1", "length": 2, "attributes": {"video_id": "video"}},
        "liked": {"when": "is_like == 1"},
    },
    "tasks": {"click": {"label": "is_click"}},
}


@pytest.fixture
def spec_dict() -> dict[str, Any]:
    return SPEC


@pytest.fixture
def spec() -> FeatureSpec:
    return spec_from_dict(SPEC)


@pytest.fixture
def assets(spec: FeatureSpec) -> Assets:
    return Assets(
        definition=definition_of(spec),
        column_types={
            "user_id": "string",
            "video_id": "int64",
            "tag": "string",
            "duration": "int64",
            "price": "float32",
            "tab": "string",
            "upload_date": "string",
            "time_ms": "int64",
        },
        vocabularies={"video": ["10", "-3", "7"], "tag": ["pop", "rock", "späti 🎸"]},
        boundaries={"duration": [5.0, 20.0]},
        numbers={
            "exact_price": NumberSpread(7.25, 1.3),
            "exact_duration": NumberSpread(2.5, 0.7),
            "exact_age": NumberSpread(11.0, 30.0),
            "all_alike": NumberSpread(3.0, 0.0),
        },
    )


@pytest.fixture
def raw() -> dict[str, Any]:
    """Three requests, as JSON has them."""
    return {
        "user_id": ["ann", None, "bob"],
        "video_id": [10, 99, None],
        "tag": ["pop||rock||pop", "||", "späti 🎸||unheard"],
        "duration": [5, None, 4],
        "price": [1.5, None, 100.0],
        "tab": ["0", "04", "4"],
        # Sunday 00:30 in Berlin, just before and just after the clocks go forward, and missing.
        "time_ms": [1648337400000, 1648342800000, None],
        "upload_date": ["2022-03-26 23:59", "2022-04-01", "2022-03-01"],
        "clicks": [0.0, 10.0, None],
        "all_alike": [3.0, 4.0, None],
        "gap": [59.5, 60.0, None],
        "view__video_id": [[10, -3, 7, 10], [7, 8, 9, 9], [None, 10, 10, 10]],
        "view__tag": [["pop", "rock", "pop||rock", ""], ["", "", "", ""], ["x", "", "", ""]],
        "view__length": [4, 0, 1],
        "click__video_id": [[], [], []],
        "click__length": [0, -2, 9],
    }
