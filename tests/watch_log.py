"""A small log with a number to learn in it beside a click, and its spec."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from tiny_log import SPEC

WATCH_SPEC: dict[str, Any] = deepcopy(SPEC) | {
    "name": "watched",
    "weighting": "fixed",
    "outcomes": ["watched_ms"],
    "tasks": {
        "click": {"label": "click"},
        "watch": {"label": "watched_ms", "kind": "regression", "scale": 20000},
    },
}


def write_watch_log(directory: Path, events: int, seed: int = 0, missing: float = 0.1) -> None:
    """Longer shelves are watched for longer, in milliseconds, some for less than no time (rewound);
    for a part of the events it is not known how long."""
    random = np.random.default_rng(seed)
    users, items = random.integers(0, 20, events), random.integers(0, 40, events)
    shelves = items % 4
    click = random.random(events) < 0.05 + 0.25 * shelves
    watched = 12000.0 * shelves + 6000.0 * (users % 4 == shelves) + random.normal(0, 2000, events)
    unknown = random.random(events) < missing
    lines = ["user,item,shelf,click,watched_ms"]
    lines += [
        f"{u},{i},{s},{c:d},{'' if lost else f'{w:.0f}'}"
        for u, i, s, c, w, lost in zip(users, items, shelves, click, watched, unknown, strict=True)
    ]
    directory.mkdir(parents=True)
    (directory / "events.csv").write_text("\n".join(lines) + "\n")
