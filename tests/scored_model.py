"""A small untrained model, its run and its export, and rows of every kind for it."""

from pathlib import Path
from typing import Any

import numpy as np

SPEC: dict[str, Any] = {
    "name": "scored",
    "sources": {
        "log": {"files": "log.csv", "time": {"column": "at", "unit": "s"}},
    },
    "keys": {"user": "user:id", "item": "商品"},
    "tables": {"item": {"vocabulary": {}}, "shop": {"hash": 9}},
    "fields": {
        "user:id": {"side": "user", "hash": 20},
        "商品": {"side": "item", "table": "item"},
        "tags": {"side": "item", "hash": 30, "multivalue": "|"},
        "price": {"side": "item", "boundaries": [1.0, 5.0], "missing": "own"},
        "hour": {"side": "context", "derive": "hour_of_day"},
        "age": {
            "side": "item",
            "derive": {"days_since": {"column": "made", "format": "%Y-%m-%d"}},
            "boundaries": [10.0, 100.0],
        },
    },
    "sequences": {
        "view": {"length": 4, "attributes": {"商品": "item", "shop": "shop"}},
        "click": {"length": 3, "attributes": {"商品": "item"}, "when": "clicked == 1"},
    },
    "tasks": {"click": {"label": "clicked"}, "like": {"label": "liked"}},
    "model": {"dim": 4, "blocks": 2, "tower_hidden": [4]},
}
TYPES = {
    "user:id": "string",
    "商品": "int64",
    "tags": "string",
    "price": "float32",
    "at": "int64",
    "made": "string",
    "shop": "string",
}


def scored_model() -> Any:
    """The model, with drawn weights and its assets."""
    import keras

    from infnet_keras.features import Assets
    from infnet_keras.features.assets import definition_of
    from infnet_keras.models import INFNet
    from infnet_keras.spec import spec_from_dict

    spec = spec_from_dict(SPEC)
    assets = Assets(
        definition=definition_of(spec),
        column_types=dict(TYPES),
        vocabularies={"item": ["10", "11", "12"]},
        boundaries={},
    )
    model: Any = INFNet(spec, assets.table_rows(spec))
    model.build()
    random = np.random.default_rng(7)
    for weight in model.weights:
        weight.assign(keras.ops.cast(random.normal(0.0, 0.5, weight.shape), weight.dtype))
    model.assets = assets
    return model


def scored_rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Rows as instances of a request: missing values, values out of vocabulary, histories that are
    empty or longer than the model reads.
    """
    random = np.random.default_rng(seed)

    def maybe(value: Any) -> Any:
        return None if random.random() < 0.15 else value

    rows = []
    for _ in range(count):
        viewed, clicked = random.integers(0, 7), random.integers(0, 5)
        rows.append(
            {
                "user:id": maybe(f"u{random.integers(30)}"),
                "商品": maybe(int(random.integers(8, 15))),
                "tags": maybe("|".join(f"t{n}" for n in random.integers(0, 9, 3))),
                "price": maybe(float(np.float32(random.uniform(0, 8)))),
                "at": maybe(int(1_700_000_000 + random.integers(0, 86_400))),
                "made": maybe(f"2023-{random.integers(1, 10)}-1{random.integers(0, 9)}"),
                "view__商品": [maybe(int(n)) for n in random.integers(8, 15, viewed)],
                "view__shop": [maybe(f"s{n}") for n in random.integers(0, 9, viewed)],
                "click__商品": [maybe(int(n)) for n in random.integers(8, 15, clicked)],
            }
        )
    return rows


def export_scored_model(directory: Path) -> None:
    """Write `models` with a version, and `run` with the model, into a directory."""
    from infnet_keras.export import export_saved_model

    model = scored_model()
    (directory / "run").mkdir()
    model.save(directory / "run" / "model.keras")
    export_saved_model(model, directory / "models", version=1)
