"""A small model of every kind of transform."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_rows import LARGEST, example_rows
from made_once import made_once

from infnet_keras.features import Assets
from infnet_keras.features.assets import definition_of
from infnet_keras.features.number_spread import NumberSpread
from infnet_keras.spec import FeatureSpec, override_spec, spec_from_dict

SPEC: dict[str, Any] = {
    "name": "small",
    "sources": {
        "log": {
            "files": "log.csv",
            "time": {"column": "time_ms", "unit": "ms", "timezone": "Europe/Berlin"},
        }
    },
    "keys": {"user": "user_id", "item": "video_id"},
    "tables": {
        "video": {"vocabulary": {}, "oov": 3},
        "tag": {"vocabulary": {}, "missing": "own", "dim": 4},
    },
    "fields": {
        "user_id": {"side": "user", "hash": 50},
        "clicks": {
            "side": "user",
            "derive": {"history_count": {"sequence": "click"}},
            "boundaries": [1.0, 10.0],
        },
        "video_id": {"side": "item", "table": "video"},
        "tag": {"side": "item", "table": "tag", "multivalue": ",", "max_values": 2},
        "duration": {"side": "item", "quantiles": 4},
        "exact_duration": {"side": "item", "column": "duration", "numeric": {"transform": "log"}},
        "exact_age": {
            "side": "item",
            "derive": {"days_since": {"column": "uploaded"}},
            "numeric": {"embedding": "periodic", "frequencies": 4},
        },
        "exact_clicks": {
            "side": "user",
            "derive": {"history_count": {"sequence": "view"}},
            "numeric": {},
        },
        "age": {
            "side": "item",
            "derive": {"days_since": {"column": "uploaded"}},
            "boundaries": [0.0, 1.0, 30.0],
        },
        "same_tag_views": {
            "side": "item",
            "derive": {"history_count": {"sequence": "view", "same": "tag"}},
            "boundaries": [1.0, 2.0, 3.0],
        },
        "tab": {"side": "context", "identity": 5},
        "hour": {"side": "context", "derive": "hour_of_day"},
    },
    "sequences": {
        "view": {"length": 4, "attributes": {"video_id": "video", "tag": "tag"}},
        "click": {"when": "is_click == 1", "length": 3, "attributes": {"video_id": "video"}},
    },
    "tasks": {
        "click": {"label": "is_click"},
        "like": {"label": "is_like", "weight": 2.0},
        "share": {"label": "is_share", "mask": "is_click == 1"},
    },
    "model": {"dim": 8, "blocks": 2, "tower_hidden": [8]},
}


@pytest.fixture(scope="session")
def spec() -> FeatureSpec:
    return spec_from_dict(SPEC)


@pytest.fixture(scope="session")
def assets(spec: FeatureSpec) -> Assets:
    return Assets(
        definition=definition_of(spec),
        column_types={
            "user_id": "string",
            "video_id": "int64",
            "tag": "string",
            "duration": "int64",
            "uploaded": "string",
            "tab": "int64",
            "time_ms": "int64",
        },
        vocabularies={"video": ["10", "-3", "7", str(LARGEST)], "tag": ["pop", "rock", "späti 🎸"]},
        boundaries={"duration": [5.0, 20.0]},
        numbers={
            "exact_duration": NumberSpread(2.0, 1.1),
            "exact_age": NumberSpread(40.0, 90.0),
            "exact_clicks": NumberSpread(3.0, 2.5),
        },
    )


@pytest.fixture(scope="session")
def build_model(spec: FeatureSpec, assets: Assets) -> Callable[..., Any]:
    """Builds a model whose weights are large enough for probabilities to differ."""

    def build(overrides: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        import keras

        from infnet_keras.models import MODELS

        changed = override_spec(spec, overrides or {})
        model: Any = MODELS[changed.model.type](changed, assets.table_rows(changed), **kwargs)
        model.build()
        random = np.random.default_rng(7)
        for weight in model.weights:
            values = random.normal(0.0, 0.5, weight.shape)
            weight.assign(keras.ops.cast(values, weight.dtype))
        model.assets = assets
        return model

    return build


@pytest.fixture(scope="session")
def model(build_model: Callable[..., Any]) -> Any:
    return build_model()


@pytest.fixture(scope="session")
def exported(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 of the model, exported under the backend of this run and checked."""
    from infnet_keras.testing.export_test import run_export_test

    def make(directory: Path) -> None:
        run_export_test(model, directory, example_rows())

    return made_once(tmp_path_factory, "small_export", make) / "1"
