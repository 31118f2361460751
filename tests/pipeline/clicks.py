"""A small log with something to learn in it, as rows of examples."""

from typing import Any

import numpy as np

from infnet_keras.features import raw_inputs
from infnet_keras.spec import FeatureSpec, spec_from_dict
from infnet_keras.spec.sources import ColumnType

SPEC: FeatureSpec = spec_from_dict(
    {
        "name": "clicks",
        "sources": {"events": {"files": "events.csv", "time": {"column": "at", "unit": "s"}}},
        "keys": {"user": "user", "item": "item"},
        "defaults": {"dim": 8},
        "tables": {"item": {"vocabulary": {}}, "gap": {"boundaries": [60, 3600]}},
        "fields": {
            "user": {"side": "user", "vocabulary": {}},
            "item": {"side": "item", "table": "item"},
            "shelf": {"side": "item", "identity": 4},
            "price": {"side": "item", "quantiles": 4},
        },
        "sequences": {
            "click": {
                "when": "click == 1",
                "length": 5,
                "attributes": {"item": "item"},
                "time_gap": "gap",
            }
        },
        "tasks": {
            "click": {"label": "click"},
            "like": {"label": "like", "weight": 0.5, "mask": "click == 1"},
        },
        "model": {"blocks": 2, "categorical_proxies": 2, "tower_hidden": [8]},
        "training": {"batch_size": 60, "learning_rate": 0.03, "epochs": 3, "patience": 100},
    }
)
TYPES: dict[str, ColumnType] = {
    "user": "string",
    "item": "int64",
    "shelf": "int64",
    "price": "float32",
}


def click_rows(events: int, seed: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Some shelves are clicked more than others, and each user has a favourite; likes follow.

    Returns:
        Rows of the splits train (8 of 10 events), valid and test, histories included.
    """
    random = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    clicked: dict[str, list[tuple[int, int]]] = {}
    for second in range(0, 50 * events, 50):
        user, item = int(random.integers(20)), int(random.integers(40))
        shelf = item % 4
        click = random.random() < 0.05 + 0.25 * shelf + 0.15 * (user % 4 == shelf)
        like = click and random.random() < 0.6
        history = clicked.setdefault(f"u{user}", [])
        rows.append(
            {
                "user": f"u{user}",
                "item": item,
                "shelf": shelf,
                "price": float(np.float32(item / 7)),
                "click__item": [clicked_item for clicked_item, _ in history[-5:]],
                "click__time_gap": [second - clicked_at for _, clicked_at in history[-5:]],
                "label__click": int(click),
                "weight__click": 1.0,
                "label__like": int(like),
                "weight__like": float(click),
            }
        )
        if click:
            history.append((item, second))
    valid, test = events * 8 // 10, events * 9 // 10
    return {"train": rows[:valid], "valid": rows[valid:test], "test": rows[test:]}


def raw_batch(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows as a raw `predict` batch."""
    batch: dict[str, Any] = {}
    for given in raw_inputs(SPEC, TYPES):
        if given.kind == "length":
            batch[given.name] = [len(row["click__item"]) for row in rows]
        elif given.kind == "sequence":
            batch[given.name] = [row[given.name] + [0] * (5 - len(row[given.name])) for row in rows]
        else:
            batch[given.name] = [row[given.name] for row in rows]
    return batch
