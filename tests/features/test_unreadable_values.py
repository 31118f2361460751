"""What cannot be read in requests, held to what the served graph's own kernels read."""

from typing import Any

import numpy as np
import pytest

from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.unreadable import Unreadable, UnreadableValues
from infnet_keras.spec import FeatureSpec, spec_from_dict


def spec_of(time: dict[str, Any], date: dict[str, Any]) -> FeatureSpec:
    return spec_from_dict(
        {
            "name": "shop",
            "sources": {"log": {"files": "log.csv", "time": {"column": "at", **time}}},
            "keys": {"user": "user_id", "item": "item"},
            "fields": {
                "user_id": {"side": "user", "hash": 10},
                "item": {"side": "item", "hash": 10},
                "hour": {"side": "context", "derive": "hour_of_day"},
                "age": {
                    "side": "item",
                    "derive": {"days_since": {"column": "listed", **date}},
                    "boundaries": [7, 30],
                },
                "tab": {"side": "context", "identity": 5},
            },
            "tasks": {"click": {"label": "is_click"}},
            "model": {"dim": 8},
        }
    )


def texts(*values: str) -> Any:
    array = np.empty(len(values), object)
    array[:] = [value.encode() for value in values]
    return array


GIVEN = [
    "2024-01-31",
    "31.01.2024",
    "20240131",
    "2024-01-31T10:00:00+02:00",
    "2024-01-31 10:00:00",
    "31/01/2024 10:00 PM",
    "2024-13-01",
    "2024-02-30",
    "2024-01-311",
    "1706692800",
    "1706692800000",
    "1.5",
    "soon",
    " ",
    "",
    "0001-01-01",
    "99999999999999999999",
    "-5",
]
SPELLINGS: list[dict[str, Any]] = [
    {"unit": "s"},
    {"unit": "ms"},
    {"unit": "iso8601"},
    {"format": "%d.%m.%Y"},
    {"format": "%d/%m/%Y %I:%M %p"},
]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=str)
def test_texts_of_times_and_dates_are_those_that_the_graph_reads_as_missing(
    spelling: dict[str, Any],
) -> None:
    tf = pytest.importorskip("tensorflow")
    from infnet_keras.features.tensorflow.clock import parse_dates, to_epoch_ms

    spec = spec_of(spelling, spelling)
    values = texts(*GIVEN)
    tensor = tf.constant(values)
    instants = to_epoch_ms(tensor, spec.time).numpy()
    dates = parse_dates(tensor, spec.fields["age"].derivation, spec.time.timezone).numpy()
    given = np.array([bool(text) for text in GIVEN])
    found = UnreadableValues(spec).find({"at": values, "listed": values})
    counts = {name: each.count for name, each in found.items()}
    expected = {
        "at": int(((instants == MISSING_INTEGER) & given).sum()),
        "listed": int((np.isnan(dates) & given).sum()),
    }
    assert counts == {name: count for name, count in expected.items() if count}
    assert any(counts.values())


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_counts_that_no_instant_has(unit: str) -> None:
    values = np.array([0, 1_700_000_000, MISSING_INTEGER, 2**63 - 1, -(2**63) + 1], np.int64)
    found = UnreadableValues(spec_of({"unit": unit}, {})).find({"at": values})
    # Nanoseconds of 64 bits never leave the years 1 to 9999.
    assert found.get("at", Unreadable(0, "", "")).count == (0 if unit == "ns" else 2)


def test_a_date_without_a_spelling() -> None:
    found = UnreadableValues(spec_of({}, {})).find({"listed": texts(*GIVEN)})
    assert found["listed"].first == "31.01.2024"
    assert found["listed"].expected == "a date with the year first, such as 2024-01-31"


def test_texts_of_whole_numbers() -> None:
    from infnet_keras.features.tensorflow.encoder import DECIMAL

    tf = pytest.importorskip("tensorflow")
    given = ["3", "0", "03", "3.0", "-1", "three", "", "9" * 18, "9" * 19, "٣"]
    read = tf.strings.regex_full_match(tf.constant(given), DECIMAL).numpy()
    found = UnreadableValues(spec_of({}, {})).find({"tab": texts(*given)})
    assert found["tab"].count == sum(not r for r, text in zip(read, given, strict=True) if text)
    assert found["tab"].first == "03"


def test_every_value_is_counted_whenever_it_comes() -> None:
    values = UnreadableValues(spec_of({}, {}))
    for _ in range(2):
        found = values.find({"listed": texts("soon", "2024-01-31", "soon", "later").reshape(2, 2)})
        assert found["listed"].count == 3
        assert found["listed"].first == "soon"
    assert values.find({"listed": texts("2024-01-31", ""), "other": texts("soon")}) == {}
    assert values.find({"tab": np.array([7, MISSING_INTEGER])}) == {}
    assert values.find({}) == {}


def test_what_is_known_is_bounded() -> None:
    values = UnreadableValues(spec_of({"unit": "s"}, {}))
    for start in range(0, 300_000, 50_000):
        assert values.find({"at": np.arange(start, start + 50_000)}) == {}
    assert values.find({"at": np.array([2**62, 1])})["at"].count == 1
    assert max(map(len, values._known.values())) <= 2**17
