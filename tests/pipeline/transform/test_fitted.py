"""What Transform fits: the training impressions' own values, counted as the main job counts."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from odd_rows import SPEC, TYPES, Row

from infnet_keras.errors import DataError
from infnet_keras.features import Assets
from infnet_keras.features.numpy.clock import days_since, to_epoch_ms
from infnet_keras.features.numpy.encoder import comparable
from infnet_keras.spec import FeatureSpec, override_spec
from infnet_keras.spec.derived.since import DaysSince
from tfx_pipeline.transform.assets import assets_from_transform

SMALLEST = -(2**63)


@pytest.fixture(scope="module")
def assets(transform_graph: Path) -> Assets:
    return assets_from_transform(transform_graph, SPEC, TYPES)


def counts(rows: list[Row], column: str, separator: str | None = None) -> Counter[str]:
    """How often each value that a vocabulary may hold occurs."""
    found: Counter[str] = Counter()
    for row in rows:
        value = row[column]
        if value is None or value == SMALLEST:
            continue
        parts = str(value).split(separator) if separator else [str(value)]
        found.update(part for part in parts if part and "\n" not in part and "\r" not in part)
    return found


def test_values_that_are_seen_often_enough(assets: Assets, training_rows: list[Row]) -> None:
    expected = {v for v, n in counts(training_rows, "video_id").items() if n >= 2}
    assert set(assets.vocabularies["video"]) == expected


def test_the_most_frequent_parts(assets: Assets, training_rows: list[Row]) -> None:
    seen = counts(training_rows, "tag", "||")
    found = [seen[value] for value in assets.vocabularies["tag"]]
    assert found == sorted(seen.values(), reverse=True)[:3]


def test_a_column_of_sequences_alone_is_counted_once_an_impression(
    assets: Assets, training_rows: list[Row]
) -> None:
    seen = counts(training_rows, "author")
    assert set(assets.vocabularies["author"]) == set(seen)
    assert [seen[value] for value in assets.vocabularies["author"]] == sorted(
        seen.values(), reverse=True
    )


def numbers(rows: list[Row]) -> dict[str, Any]:
    """For each quantiles table the numbers that it is fitted on, ascending."""
    amounts = [
        value
        for row in rows
        for value in (row["duration"], row["price"])
        if value is not None and value != SMALLEST and not np.isnan(value)
    ]
    times = [SMALLEST if row["time_ms"] is None else row["time_ms"] for row in rows]
    dates = np.array([row["uploaded"] or "" for row in rows], object)
    instants = to_epoch_ms(np.array(times), SPEC.time)
    ages = days_since(instants, SPEC.time.timezone, dates, DaysSince(column="uploaded"))
    risks = [row["risk"] for row in rows if row["risk"] is not None]
    found = {"amount": comparable(amounts), "age": ages, "risk": comparable(risks)}
    # Infinity is no boundary.
    return {name: np.sort(values[np.isfinite(values)]) for name, values in found.items()}


def test_boundaries_are_quantiles(assets: Assets, training_rows: list[Row]) -> None:
    for name, values in numbers(training_rows).items():
        quantiles = SPEC.all_tables[name].quantiles
        assert quantiles is not None
        wanted = np.arange(1, quantiles) / quantiles
        boundaries = assets.boundaries[name]
        assert set(boundaries) <= set(values.tolist())
        for share in wanted:
            low, high = np.quantile(values, [share - 0.02, share + 0.02], method="nearest")
            assert any(low <= boundary <= high for boundary in boundaries), (name, share)


def test_numbers_have_the_mean_and_deviation_of_the_training_rows(
    assets: Assets, training_rows: list[Row]
) -> None:
    """As `data prepare` fits them: its own code, and NumPy over all values at once."""
    assert assets.numbers.keys() == SPEC.numbers.keys()
    ages = numbers(training_rows)["age"]
    for name, numeric in SPEC.numbers.items():
        given = [row.get(SPEC.values_column(name)) for row in training_rows]
        if name != "exact_age":
            kept = [v for v in given if v is not None and v != SMALLEST]
            values = np.array(kept if name == "exact_duration" else comparable(kept), np.float64)
        else:
            values = ages.astype(np.float64)
        values = values[np.isfinite(values)]
        if numeric.transform == "log":
            values = np.sign(values) * np.log1p(np.abs(values))
        assert assets.numbers[name].mean == pytest.approx(values.mean(), rel=1e-9), name
        assert assets.numbers[name].deviation == pytest.approx(values.std(), rel=1e-9), name


@pytest.mark.parametrize(
    ("overrides", "differs"),
    [
        ({"fields.tab.identity": 6}, "tables tab"),
        ({"tables.video.oov": 1}, "tables video"),
        ({"sequences.view.length": 5}, "sequences view"),
    ],
)
def test_a_graph_of_another_spec_is_refused(
    transform_graph: Path, overrides: dict[str, Any], differs: str
) -> None:
    other: FeatureSpec = override_spec(SPEC, overrides)
    with pytest.raises(DataError, match=differs):
        assets_from_transform(transform_graph, other, TYPES)


def test_no_graph(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no transform graph"):
        assets_from_transform(tmp_path, SPEC, TYPES)
