"""Numeric fields of prepared data, against NumPy over the raw rows."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infnet_keras.data import PreparedData, prepare
from infnet_keras.data.preparation import prepare as preparation
from infnet_keras.data.preparation.number_moments import NumberMoments
from infnet_keras.features import RowTransform
from infnet_keras.features.number_spread import NumberSpread
from infnet_keras.features.numpy.number_encoder import NumberEncoder
from infnet_keras.spec import FeatureSpec, load_spec, spec_from_dict
from infnet_keras.spec.numeric import Numeric

FLOATS = st.floats(-1e6, 1e6, width=32)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.lists(FLOATS | st.sampled_from([np.nan, np.inf]), max_size=9), max_size=6))
def test_parts_have_the_moments_of_the_whole(parts: list[list[float]]) -> None:
    moments = NumberMoments()
    for part in parts:
        moments.add(np.array(part, np.float64))
    whole = np.array([value for part in parts for value in part if np.isfinite(value)])
    expected = (whole.mean(), whole.std()) if len(whole) else (0.0, 0.0)
    np.testing.assert_allclose(moments.spread(), expected, rtol=1e-9, atol=1e-9)


def test_a_mean_far_from_0_does_not_cancel_the_deviation() -> None:
    moments = NumberMoments()
    for start in range(0, 1000, 10):
        moments.add(1e9 + np.arange(start, start + 10, dtype=np.float64))
    np.testing.assert_allclose(moments.spread(), (1e9 + 499.5, np.arange(1000).std()), rtol=1e-12)


INTEGERS = [0, -1, 2**24 + 1, 2**53 + 1, 2**63 - 1, -(2**63) + 1]


@pytest.mark.parametrize("transform", ["standard", "log"])
@pytest.mark.parametrize(
    "values",
    [
        np.array([0.0, -0.0, 1e-45, 1.5, -3.4e38, 1e300, np.inf, -np.inf, np.nan]),
        np.array([0.1, 2.5, np.nan], np.float32),
        np.array(INTEGERS),
        np.array([True, False]).astype(np.int64),
        pa.array([], pa.float32()),
        pa.array([None, None]),
        pa.array([None, 7, -(2**63)], pa.int64()),
    ],
)
def test_a_number_by_hand(transform: Any, values: Any) -> None:
    spread = NumberSpread(2.0, 3.0)
    encoded = NumberEncoder(Numeric(transform=transform, clip=5.0), spread).encode(values)
    assert encoded.dtype == np.float32
    given_values = values.to_pylist() if isinstance(values, pa.Array) else values.tolist()
    for found, value in zip(encoded, given_values, strict=True):
        if value is None or value == -(2**63) or value != value:
            assert np.isnan(found)
            continue
        number = float(np.float32(value)) if isinstance(value, float) else float(value)
        if transform == "log":
            number = np.sign(number) * np.log1p(abs(number))
        assert found == pytest.approx(min(max((number - 2) / 3, -5), 5), rel=1e-6, abs=1e-30)


def test_where_training_saw_one_value_all_count_as_that_one() -> None:
    encoder = NumberEncoder(Numeric(), NumberSpread(0.1, 1e-17))
    assert encoder.encode(np.array([0.1, 7.0, -np.inf])).tolist() == [0, 0, 0]


SPEC = spec_from_dict(
    {
        "name": "numbers",
        "sources": {
            "log": {"files": "log.parquet", "time": {"column": "time", "unit": "s"}},
            "items": {"files": "items.csv", "join": "item", "misses": "allowed"},
        },
        "keys": {"user": "user", "item": "item"},
        "tables": {"item": {"vocabulary": {}}},
        "fields": {
            "user": {"side": "user", "vocabulary": {}},
            "item": {"side": "item", "table": "item"},
            "price": {"side": "item", "numeric": {"transform": "log"}},
            "weight": {"side": "item", "numeric": {}},
            "clicks": {
                "side": "user",
                "derive": {"history_count": {"sequence": "click"}},
                "numeric": {},
            },
            "gap": {
                "side": "user",
                "derive": {"seconds_since": {"sequence": "click"}},
                "numeric": {"transform": "log"},
            },
        },
        "sequences": {
            "click": {"when": "clicked == 1", "length": 3, "attributes": {"item": "item"}}
        },
        "tasks": {"click": {"label": "clicked"}},
    }
)
ROWS = 400


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A price in each impression, a weight in the items' file; some are missing or infinite."""
    random = np.random.default_rng(0)
    directory = tmp_path_factory.mktemp("numbers")
    price = np.exp(random.normal(0, 2, ROWS)).astype(np.float32)
    price[::17], price[5], price[9] = np.nan, np.inf, -np.inf
    columns = {
        "user": random.integers(0, 12, ROWS),
        "item": random.integers(0, 20, ROWS),
        "time": np.arange(ROWS) * 100,
        "clicked": random.integers(0, 2, ROWS),
        "price": price,
    }
    pq.write_table(pa.table(columns), directory / "log.parquet")
    lines = [f"{item},{'' if item == 3 else item * item}" for item in range(19)]
    (directory / "items.csv").write_text("\n".join(["item,weight", *lines]) + "\n")
    return directory


def prepared(raw: Path, out: Path, spec: FeatureSpec = SPEC) -> PreparedData:
    prepare(spec, raw, out, valid_from=0.6, test_from=0.8)
    return PreparedData.open(out)


@pytest.fixture(scope="module")
def data(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    return prepared(raw, tmp_path_factory.mktemp("data") / "data")


def test_statistics_are_those_of_the_training_impressions(raw: Path, data: PreparedData) -> None:
    log = pq.read_table(raw / "log.parquet").slice(0, int(ROWS * 0.6))
    price = log["price"].to_numpy()
    price = np.log1p(np.abs(price[np.isfinite(price)].astype(np.float64)))
    weights = np.array([i * i for i in log["item"].to_pylist() if i not in (3, 19)], np.float64)
    clicks, gaps, seen, latest = [], [], {}, {}
    for user, time, clicked in zip(
        *(log[name].to_pylist() for name in ("user", "time", "clicked")), strict=True
    ):
        clicks.append(seen.get(user, 0))
        if user in latest:
            gaps.append(np.log1p(time - latest[user]))
        if clicked:
            seen[user] = seen.get(user, 0) + 1
            latest[user] = time
    expected = {"price": price, "weight": weights, "clicks": np.array(clicks), "gap": gaps}
    assert data.assets.numbers.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(
            data.assets.numbers[name], (np.mean(values), np.std(values)), rtol=1e-9, err_msg=name
        )


def test_batches_hold_what_the_row_transform_gives(data: PreparedData) -> None:
    transform = RowTransform(data.spec, data.assets)
    of_examples = transform(data.raw_examples)
    assert {str(of_examples[name].dtype) for name in SPEC.numbers} == {"float32"}
    batches = list(data.reader("train", 64).batches())
    held_out = list(data.reader("test", 64).batches())
    for name in SPEC.numbers:
        values = np.concatenate([batch.inputs[name] for batch in batches])
        assert values.dtype == np.float32
        assert not np.isinf(values).any()
        assert np.abs(values[~np.isnan(values)]).max() <= 10
        if name != "price":  # whose infinite values are cut, and count for no mean
            assert np.nanmean(values) == pytest.approx(0, abs=1e-5)
            assert np.nanstd(values) == pytest.approx(1, abs=1e-5)
        everything = np.concatenate([values, *(batch.inputs[name] for batch in held_out)])
        kept = of_examples[name]
        kept = kept[~np.isnan(kept)]
        assert np.isin(kept, np.concatenate([everything, all_of(data, name)])).all(), name
    assert np.isnan(np.concatenate([batch.inputs["price"] for batch in batches])).sum() >= 10
    assert {10.0, -10.0} <= set(np.concatenate([b.inputs["price"] for b in batches]).tolist())


def all_of(data: PreparedData, name: str) -> Any:
    return np.concatenate([batch.inputs[name] for batch in data.reader("valid", 64).batches()])


def test_partitions_change_no_id_and_no_number(
    raw: Path, data: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "ROWS_PER_PARTITION", 60)
    parts = prepared(raw, tmp_path / "data")
    assert len(parts.manifest.shards) > len(data.manifest.shards)
    for name, spread in data.assets.numbers.items():
        np.testing.assert_allclose(parts.assets.numbers[name], spread, rtol=1e-12, err_msg=name)

    def rows(given: PreparedData) -> dict[str, Any]:
        batches = list(given.reader("train", 500).batches())
        found = {n: np.concatenate([b.inputs[n] for b in batches]) for n in batches[0].inputs}
        # Impressions of a user stay in order of time; users come in another order.
        order = np.argsort(found["user"], kind="stable")
        return {name: values[order] for name, values in found.items()}

    one, other = rows(data), rows(parts)
    for name, values in one.items():
        if name in SPEC.numbers:
            np.testing.assert_allclose(other[name], values, rtol=1e-6, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(other[name], values, err_msg=name)


def test_a_log_without_any_value_leaves_them_all_missing(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    lines = ["user,item,timestamp,clicked,bought,tags,price,hour_band"]
    lines += [f"{i % 3},{i % 5},{i},{i % 2},{i % 2},a,,b" for i in range(40)]
    (raw / "events.csv").write_text("\n".join(lines) + "\n")
    (raw / "items.csv").write_text("item,category\n" + "".join(f"{i},c\n" for i in range(5)))
    spec = load_spec("minimal").model_dump(mode="json", exclude_none=True)
    spec["fields"]["price"] = {"side": "item", "numeric": {}}
    spec["sources"]["events"]["types"] = {"price": "float32"}
    spec["splits"] = None
    found = prepared(raw, tmp_path / "data", spec_from_dict(spec))
    assert found.assets.numbers == {"price": NumberSpread(0.0, 0.0)}
    assert np.isnan(found.reader("train", 99).batch(0).inputs["price"]).all()
