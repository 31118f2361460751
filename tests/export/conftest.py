"""A small model of every kind of transform, with example rows that hold every odd value."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infnet_keras.features import Assets
from infnet_keras.features.assets import definition_of
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
SMALLEST, LARGEST = -(2**63), 2**63 - 1
TAGS = ["pop", "rock,pop", "späti 🎸", "unheard,pop,rock", ",,", "", "line\nbreak"]


def example_rows(count: int = 24) -> dict[str, Any]:
    """Raw rows as JSON has them, empty and over-long histories, unseen and missing values."""
    random = np.random.default_rng(3)

    def pick(values: list[Any], *shape: int) -> Any:
        return (
            [values[i] for i in random.integers(0, len(values), shape[0])]
            if len(shape) == 1
            else [pick(values, *shape[1:]) for _ in range(shape[0])]
        )

    videos = [10, 7, -3, 99, SMALLEST, SMALLEST + 1, LARGEST, 0]
    steps = 9
    return {
        "user_id": pick(["ann", "bob", "", "日本", "x" * 300], count),
        "clicks": pick([0.0, 3.5, 1e9, None, -1.0], count),
        "video_id": pick(videos, count),
        "tag": pick(TAGS, count),
        "duration": pick([0, 4, 5, 6, 20, LARGEST, SMALLEST], count),
        "uploaded": pick(["2022-03-26", "2022-03-27 23:59", "1999-01-01", "soon", ""], count),
        "tab": pick([0, 4, 5, -1, LARGEST, SMALLEST], count),
        # Around the change to summer time in Berlin; missing.
        "time_ms": pick([1648337400000, 1648342800000, 1648400000000, SMALLEST], count),
        "view__video_id": pick(videos, count, steps),
        "view__tag": pick(TAGS, count, steps),
        "view__length": pick([0, 1, 4, 9], count),
        "click__video_id": pick(videos, count, steps),
        "click__length": pick([0, 0, 2, 9], count),
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
        raw_examples=example_rows(),
    )


@pytest.fixture(scope="session")
def build_model(spec: FeatureSpec, assets: Assets) -> Callable[..., Any]:
    """Builds a model whose weights are large enough for probabilities to differ."""

    def build(overrides: dict[str, Any] | None = None, examples: Any = ..., **kwargs: Any) -> Any:
        import keras

        from infnet_keras.models import MODELS

        changed = override_spec(spec, overrides or {})
        model: Any = MODELS[changed.model.type](changed, assets.table_rows(changed), **kwargs)
        model.build()
        random = np.random.default_rng(7)
        for weight in model.weights:
            values = random.normal(0.0, 0.5, weight.shape)
            weight.assign(keras.ops.cast(values, weight.dtype))
        model.assets = assets if examples is ... else replace(assets, raw_examples=examples)
        return model

    return build


@pytest.fixture(scope="session")
def model(build_model: Callable[..., Any]) -> Any:
    return build_model()


@pytest.fixture(scope="session")
def exported(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 of the model, exported under the backend of this run and checked."""
    from infnet_keras.testing.export_test import run_export_test

    return run_export_test(model, tmp_path_factory.mktemp("small"))
