"""Fields that cross the candidate with the history, and what they are by plain loops."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from infnet_keras.features.assets import Assets, definition_of
from infnet_keras.spec import spec_from_dict
from infnet_keras.spec.sources import ColumnType

BOUNDARIES = [1.0, 2.0, 3.0]
RATES = [0.25, 0.4, 0.5, 0.6, 1.0]
SPEC = spec_from_dict(
    {
        "name": "crossed",
        "sources": {"log": {"files": "log.csv", "time": {"row_order": "log"}}},
        "keys": {"user": "user", "item": "item"},
        "outcomes": ["reaction"],
        "tables": {
            "item": {"hash": 50},
            "tag": {"hash": 50},
            "author": {"hash": 50},
            "place": {"identity": 2},
            "reaction": {"hash": 50},
        },
        "fields": {
            "item": {"side": "item", "table": "item"},
            "tags": {"side": "item", "table": "tag", "multivalue": "||", "max_values": 2},
            "same_item_views": {
                "side": "item",
                "boundaries": BOUNDARIES,
                "derive": {"history_count": {"sequence": "view", "same": "item"}},
            },
            "same_tag_views": {
                "side": "item",
                "boundaries": BOUNDARIES,
                "derive": {"history_count": {"sequence": "view", "same": "tags"}},
            },
            "same_author_clicks": {
                "side": "item",
                "boundaries": BOUNDARIES,
                "derive": {"history_count": {"sequence": "click", "same": "author"}},
            },
            "same_place_views": {
                "side": "context",
                "boundaries": BOUNDARIES,
                "derive": {"history_count": {"sequence": "view", "same": "place"}},
            },
            "same_item_rate": {
                "side": "item",
                "boundaries": RATES,
                "derive": {"history_rate": {"sequence": "click", "of": "view", "same": "item"}},
            },
            "same_item_smooth_rate": {
                "side": "item",
                "boundaries": RATES,
                "derive": {
                    "history_rate": {
                        "sequence": "click",
                        "of": "view",
                        "same": "item",
                        "prior": 0.3,
                        "strength": 1.5,
                    }
                },
            },
        },
        "sequences": {
            "view": {
                "length": 3,
                "attributes": {"item": "item", "tags": "tag", "place": "place"},
            },
            "click": {
                "when": "clicked == 1",
                "length": 2,
                "attributes": {"item": "item", "author": "author", "reaction": "reaction"},
            },
        },
        "tasks": {"click": {"label": "clicked"}},
    }
)
TYPES: dict[str, ColumnType] = {
    "item": "int64",
    "tags": "string",
    "author": "string",
    "place": "int64",
    "reaction": "int64",
}
ASSETS = Assets(definition_of(SPEC), TYPES, {}, {})
SIDES = {"item": "item", "tags": "item", "author": "item", "place": "context"}
VALUES: dict[str, list[Any]] = {
    "item": [1, 2, -3, 2**63 - 1, -(2**63), None],
    "tags": ["a", "a||b", "b||||c", "c||a", "d||c||a", "a||a", "||", "", None, "a|b"],
    "author": ["kim", "Kim", "späti 🎸", "1", "", None],
    "place": [0, 1, None],
    "reaction": [0, 1, None],
}
MOST_STEPS = 5


@st.composite
def requests(draw: st.DrawFn, candidates: int | None = None) -> dict[str, list[Any]]:
    """Raw requests: histories of every length up to more than the model reads, odd lengths too."""
    batch = draw(st.integers(1, 4))
    raw: dict[str, list[Any]] = {}
    for column, side in SIDES.items():
        value = st.sampled_from(VALUES[column])
        if candidates is not None and side == "item":
            value = st.lists(value, min_size=candidates, max_size=candidates)
        raw[column] = draw(st.lists(value, min_size=batch, max_size=batch))
    for name, sequence in SPEC.sequences.items():
        steps = draw(st.integers(0, MOST_STEPS))
        for column in sequence.attributes:
            history = st.lists(st.sampled_from(VALUES[column]), min_size=steps, max_size=steps)
            raw[f"{name}__{column}"] = draw(st.lists(history, min_size=batch, max_size=batch))
        lengths = st.lists(st.integers(-1, MOST_STEPS + 1), min_size=batch, max_size=batch)
        raw[f"{name}__length"] = draw(lengths)
    return raw


def expected_ids(raw: dict[str, list[Any]], row: int) -> dict[str, int]:
    """The id of every crossed field of one row, by plain loops."""

    def count(sequence: str, column: str) -> int:
        length = max(raw[f"{sequence}__length"][row], 0)
        history = raw[f"{sequence}__{column}"][row][:length][-SPEC.sequences[sequence].length :]
        own = parts(column, raw[column][row])
        return sum(bool(own & parts(column, value)) for value in history)

    def rate(prior: float, strength: float) -> float | None:
        below = count("view", "item") + strength
        return None if below == 0 else (count("click", "item") + strength * prior) / below

    return {
        "same_item_views": bucket(count("view", "item"), BOUNDARIES),
        "same_tag_views": bucket(count("view", "tags"), BOUNDARIES),
        "same_author_clicks": bucket(count("click", "author"), BOUNDARIES),
        "same_place_views": bucket(count("view", "place"), BOUNDARIES),
        "same_item_rate": bucket(rate(0.0, 0.0), RATES),
        "same_item_smooth_rate": bucket(rate(0.3, 1.5), RATES),
    }


def parts(column: str, value: Any) -> set[Any]:
    """What a raw value consists of; nothing where it is missing."""
    if value is None or value == "" or value == -(2**63):
        return set()
    return set([p for p in value.split("||") if p][:2]) if column == "tags" else {value}


def bucket(number: float | None, boundaries: list[float]) -> int:
    """Padding is 0, a missing number 1."""
    return 1 if number is None else 2 + sum(np.float32(number) >= np.float32(b) for b in boundaries)
