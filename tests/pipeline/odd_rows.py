"""Raw rows that hold every odd value, for a spec with every kind of transform."""

from typing import Any

import numpy as np

from infnet_keras.features import raw_inputs
from infnet_keras.spec import FeatureSpec, spec_from_dict
from infnet_keras.spec.sources import ColumnType

SPEC: FeatureSpec = spec_from_dict(
    {
        "name": "odd",
        "sources": {
            "log": {
                "files": "log.csv",
                "time": {"column": "time_ms", "unit": "ms", "timezone": "Europe/Berlin"},
            }
        },
        "keys": {"user": "user_id", "item": "video_id"},
        "tables": {
            "video": {"vocabulary": {"min_count": 2}, "oov": 3},
            "tag": {"vocabulary": {"max_size": 3}, "missing": "own", "dim": 4},
            "author": {"vocabulary": {}},
            "amount": {"quantiles": 6},
        },
        "fields": {
            "user_id": {"side": "user", "hash": 50, "oov": 2, "missing": "own"},
            "clicks": {
                "side": "user",
                "derive": {"history_count": {"sequence": "click"}},
                "boundaries": [1.0, 10.0],
            },
            "video_id": {"side": "item", "table": "video"},
            "tag": {"side": "item", "table": "tag", "multivalue": "||", "max_values": 2},
            "duration": {"side": "item", "table": "amount"},
            "price": {"side": "item", "table": "amount"},
            "risk": {"side": "item", "quantiles": 4},
            "score": {"side": "item", "boundaries": [-1.5, 0.0, 0.1, 16777216.0]},
            "age": {
                "side": "item",
                "derive": {"days_since": {"column": "uploaded"}},
                "quantiles": 3,
            },
            "since_release": {
                "side": "item",
                "derive": {"days_since": {"column": "released", "format": "%m/%d/%Y %I:%M:%S %p"}},
                "boundaries": [0.0, 1.0, 30.0],
            },
            "same_tag_views": {
                "side": "item",
                "derive": {"history_count": {"sequence": "view", "same": "tag"}},
                "boundaries": [1.0, 2.0, 3.0],
            },
            "same_author_clicks": {
                "side": "item",
                "derive": {"history_count": {"sequence": "click", "same": "author"}},
                "boundaries": [1.0, 2.0],
            },
            "same_video_rate": {
                "side": "item",
                "derive": {
                    "history_rate": {
                        "sequence": "click",
                        "of": "view",
                        "same": "video_id",
                        "prior": 0.3,
                        "strength": 0.5,
                    }
                },
                "quantiles": 4,
            },
            "exact_price": {"side": "item", "column": "price", "numeric": {"transform": "log"}},
            "exact_duration": {"side": "item", "column": "duration", "numeric": {}},
            "exact_risk": {"side": "item", "column": "risk", "numeric": {"clip": 3.0}},
            "exact_age": {
                "side": "item",
                "derive": {"days_since": {"column": "uploaded"}},
                "numeric": {"embedding": "periodic"},
            },
            "exact_clicks": {
                "side": "user",
                "derive": {"history_count": {"sequence": "view"}},
                "numeric": {"transform": "log"},
            },
            "tab": {"side": "context", "identity": 5},
            "hour": {"side": "context", "derive": "hour_of_day"},
            "weekday": {"side": "context", "derive": "day_of_week"},
            "monthday": {"side": "context", "derive": "day_of_month"},
        },
        "sequences": {
            "view": {"length": 4, "attributes": {"video_id": "video", "tag": "tag"}},
            "click": {
                "when": "is_click == 1",
                "length": 3,
                "attributes": {"video_id": "video", "author": "author"},
            },
        },
        "tasks": {
            "click": {"label": "is_click"},
            "share": {"label": "is_share", "mask": "is_click == 1"},
        },
        "model": {"dim": 8, "blocks": 2, "tower_hidden": [8]},
    }
)
TYPES: dict[str, ColumnType] = {
    "user_id": "string",
    "video_id": "int64",
    "tag": "string",
    "author": "string",
    "duration": "int64",
    "price": "float32",
    "risk": "float32",
    "score": "float32",
    "uploaded": "string",
    "released": "string",
    "tab": "string",
    "time_ms": "int64",
}
SMALLEST, LARGEST = -(2**63), 2**63 - 1
VALUES: dict[str, list[Any]] = {
    "user_id": ["ann", "bob", "日本", "", b"\xff\xfe\x00", "x" * 300, "new\nline", " ", None],
    "video_id": [10, 7, -3, 99, SMALLEST, SMALLEST + 1, LARGEST, 0, None],
    "tag": [
        "pop",
        "rock||pop",
        "späti 🎸",
        "a||b||pop||rock",
        "||",
        "",
        "line\nbreak",
        "r\r",
        None,
    ],
    "author": ["kim", "lee", "\0", "", "007", None],
    "duration": [0, 4, 5, 6, 20, -7, 2**24 + 1, LARGEST, SMALLEST, None],
    "price": [0.0, -0.0, 1e-40, 0.5, 2.5, 7.0, 1e30, float("inf"), float("nan"), None],
    "risk": [*[float("inf"), float("-inf")] * 4, 0.25, 0.5, 0.75, float("nan"), None],
    "score": [-1.5, 0.0, 1e-42, float(np.float32(0.1)), 16777216.0, -1e9, float("nan"), None],
    "uploaded": [
        "2022-03-26",
        "2022-03-27 23:59",
        "2022-03-25 23:30:00 UTC",
        "2022/03/26",
        "20220326",
        "1999-01-01",
        "2022-02-30",
        "soon",
        "",
        None,
    ],
    "released": ["3/26/2022 12:00:00 AM", "03/27/2022 11:59:59 PM", "26/3/2022 1:00:00 AM", ""],
    "tab": ["0", "4", "5", "04", "-1", "9" * 30, "", None],
    # Around the change to summer time in Berlin; beyond the calendar; missing.
    "time_ms": [1648337400000, 1648342800000, 1648400000000, LARGEST, -1, SMALLEST, None],
    "clicks": [0.0, 3.5, 1e9, float("nan"), -1.0, None],
    "exact_clicks": [0.0, 7.0, 1e-41, -3e38, float("-inf"), None],
}
# Seen by no training row: what a vocabulary cannot hold as text, or has never met.
LATER = {"tag": [b"\xff||pop", "unheard"], "video_id": [123456], "author": [b"\xc3\x28", "new"]}
_MISSING = {"int64": SMALLEST, "float32": float("nan"), "string": ""}
Row = dict[str, Any]


def odd_rows(count: int, seed: int, later: bool = False) -> list[Row]:
    """Rows of examples, column of `example_columns` -> value, list of values, or None.

    Histories are empty, of every length up to that of their sequence, or longer.

    Args:
        count: how many.
        seed: of the draws.
        later: whether values occur that training rows do not have.
    """
    random = np.random.default_rng(seed)

    def draw(column: str) -> Any:
        values = [*VALUES[column], *(LATER.get(column, []) if later else [])]
        return values[random.integers(len(values))]

    def history(column: str, steps: int) -> list[Any]:
        drawn = [draw(column) for _ in range(steps)]
        return [_MISSING[TYPES[column]] if value is None else value for value in drawn]

    rows = []
    for _ in range(count):
        row: Row = {column: draw(column) for column in VALUES}
        for name, sequence in SPEC.sequences.items():
            steps = int(random.choice([0, 1, sequence.length, 9]))
            for column in sequence.attributes:
                row[f"{name}__{column}"] = history(column, steps)
        click, share = (int(random.integers(2)) for _ in range(2))
        row |= {"label__click": click, "weight__click": 1.0}
        row |= {"label__share": share if click else 0, "weight__share": float(click)}
        rows.append(row)
    return rows


def raw_batch(rows: list[Row]) -> dict[str, Any]:
    """Rows as the arrays of a raw `predict` batch; past a history stands what is no part of it."""
    batch: dict[str, Any] = {}
    for given in raw_inputs(SPEC, TYPES):
        if given.kind == "length":
            behaviour = given.name.removesuffix("__length")
            values = [len(row[f"{behaviour}__video_id"]) for row in rows]
        elif given.kind == "sequence":
            filler = {"int64": 7, "string": "pop"}[given.dtype]
            values = [row[given.name] + [filler] * (9 - len(row[given.name])) for row in rows]
        else:
            values = [
                _MISSING[given.dtype] if row[given.name] is None else row[given.name]
                for row in rows
            ]
        if given.dtype == "string":
            batch[given.name] = _bytes(values)
        else:
            batch[given.name] = np.array(values, given.dtype)
    return batch


def _bytes(values: Any) -> Any:
    shape = np.array(values, object).shape
    flat = np.array(values, object).ravel()
    encoded = np.empty(len(flat), object)
    encoded[:] = [value if isinstance(value, bytes) else value.encode() for value in flat]
    return encoded.reshape(shape)
