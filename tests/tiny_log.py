"""A small log with something to learn in it, and its spec."""

from pathlib import Path
from typing import Any

import numpy as np

SPEC: dict[str, Any] = {
    "name": "tiny",
    "sources": {"events": {"files": "events.csv", "time": {"row_order": "log"}}},
    "keys": {"user": "user", "item": "item"},
    "defaults": {"dim": 8},
    "tables": {"item": {"vocabulary": {}}},
    "fields": {
        "user": {"side": "user", "vocabulary": {}},
        "item": {"side": "item", "table": "item"},
        "shelf": {"side": "item", "identity": 4},
    },
    "sequences": {"click": {"when": "click == 1", "length": 5, "attributes": {"item": "item"}}},
    "tasks": {"click": {"label": "click"}, "like": {"label": "like", "weight": 0.5}},
    "weighting": "uncertainty",
    "model": {"blocks": 2, "categorical_proxies": 2, "tower_hidden": [8], "dropout": 0.1},
    "training": {
        "batch_size": 60,
        "learning_rate": 0.03,
        "schedule": {"decay": "cosine", "warmup_steps": 5},
        "id_dropout": 0.1,
        "epochs": 3,
        "patience": 100,
    },
}


def write_log(directory: Path, events: int, seed: int = 0) -> None:
    """Some shelves are clicked more than others, each user has a favourite; likes follow clicks."""
    random = np.random.default_rng(seed)
    users, items = random.integers(0, 20, events), random.integers(0, 40, events)
    shelves = items % 4
    click = random.random(events) < 0.05 + 0.25 * shelves + 0.15 * (users % 4 == shelves)
    like = click & (random.random(events) < 0.6)
    lines = ["user,item,shelf,click,like"]
    lines += [
        f"{u},{i},{s},{c:d},{k:d}"
        for u, i, s, c, k in zip(users, items, shelves, click, like, strict=True)
    ]
    directory.mkdir(parents=True)
    (directory / "events.csv").write_text("\n".join(lines) + "\n")
