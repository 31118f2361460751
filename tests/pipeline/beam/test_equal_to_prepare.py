"""The Beam job against `infnet_keras.data.preparation.prepare`, row by row."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from beam_logs import (
    SHOP_SPLIT,
    rows_content,
    several_logs_content,
    shop_content,
    write_rows,
    write_several_logs,
    write_shop,
)
from beam_rows import example_rows, prepared_rows, read_examples

from infnet_keras.data import ImpressionReader, PreparedData, generate, prepare
from infnet_keras.data.examples.manifest import ExamplesManifest
from infnet_keras.progress import Progress
from infnet_keras.spec import load_spec, override_spec, spec_from_dict

REAL = os.environ.get("KUAIRAND_PURE_DIR")


def assert_equal(data: PreparedData, directory: Path) -> None:
    """The same impressions, histories, derived values, labels and counts."""
    found = ExamplesManifest.load(directory)
    expected = data.manifest
    for split, count in expected.impressions.items():
        if count:
            rows = example_rows(data, directory, split)
            assert np.array_equal(rows, prepared_rows(data, split)), split
    assert found.impressions == expected.impressions
    assert found.users == expected.users
    assert found.label_rates == expected.label_rates
    assert found.column_types == expected.column_types
    assert found.counters["rows_read"] == expected.rows_read
    assert found.counters["duplicates_dropped"] == expected.duplicates_dropped
    assert found.counters["history_rows_kept"] == expected.history_rows
    for source, rows in expected.rows_without_user.items():
        assert found.counters[f"rows_without_user:{source}"] == rows
    for source, missed in expected.joins_missed.items():
        assert found.counters[f"joins_missed:{source}"] == missed


def equally_written(
    tmp_path, write, spec, partitions, valid_from, test_from, history=None
) -> PreparedData:
    """What `prepare` makes of the raw files, and Beam the same of them in some partitions."""
    raw, prepared, examples = (tmp_path / name for name in ("raw", "prepared", "examples"))
    prepare(spec, raw, prepared, valid_from, test_from, history=history)
    write(
        spec,
        raw,
        examples,
        valid_from=valid_from,
        test_from=test_from,
        history=history and str(history),
        file_format="parquet",
        partitions=partitions,
    )
    data = PreparedData.open(prepared)
    assert_equal(data, examples)
    return data


@pytest.mark.parametrize("partitions", [1, 7])
@pytest.mark.parametrize("with_history", [False, True])
def test_a_log_with_everything(tmp_path, write, partitions, with_history) -> None:
    past = write_shop(tmp_path / "raw")
    spec = spec_from_dict(shop_content())
    history = past if with_history else None
    data = equally_written(tmp_path, write, spec, partitions, **SHOP_SPLIT, history=history)
    assert data.manifest.duplicates_dropped
    assert all(data.manifest.impressions.values())
    assert all(data.manifest.joins_missed.values())
    assert bool(data.manifest.history_rows) == with_history


def test_a_label_that_is_a_number(tmp_path, write) -> None:
    """Beside a binary task, with a mask, a weight and a sample of the negatives."""
    write_shop(tmp_path / "raw")
    content = shop_content()
    watch = {"label": "dwell", "kind": "regression", "scale": 50, "mask": "clicked == 1"}
    content["tasks"]["watch"] = {**watch, "weight": 2}
    content["sample"] = {"negatives": 0.5}
    spec = spec_from_dict(content)
    data = equally_written(tmp_path, write, spec, 3, **SHOP_SPLIT)
    assert len(np.unique(next(ImpressionReader(data, "train", 99).batches()).labels["watch"])) > 5
    assert data.manifest.label_rates["train"]["watch"] > 1


def test_the_time_up_to_the_impression(tmp_path, write) -> None:
    past = write_shop(tmp_path / "raw")
    content = shop_content()
    content["tables"]["ago"] = {"boundaries": [60, 3600, 86_400]}
    for name in ("view", "foreign"):
        content["sequences"][name]["time_gap"] = "ago"
    spec = spec_from_dict(content)
    data = equally_written(tmp_path, write, spec, 3, **SHOP_SPLIT, history=past)
    gaps = ImpressionReader(data, "train", 10_000).batch(0).inputs["view__time_gap"]
    assert len(np.unique(gaps)) > 3, "unknown, of the earlier history, and of several lengths"


@pytest.mark.parametrize("partitions", [1, 5])
def test_weights_and_a_sample(tmp_path, write, partitions) -> None:
    """Beam's examples hold every impression, for Transform to fit on, and say which are kept."""
    write_shop(tmp_path / "raw")
    content = shop_content()
    content["weight"] = "price"
    content["sample"] = {"negatives": 0.3}
    content["tasks"] = {
        name: {**task, "mask": "price > 0"} for name, task in content["tasks"].items()
    }
    spec = spec_from_dict(content)
    data = equally_written(tmp_path, write, spec, partitions, **SHOP_SPLIT)
    assert data.manifest.negatives_left_out > 100
    examples = read_examples(tmp_path / "examples", "train")
    left_out = len(examples) - data.manifest.impressions["train"]
    assert left_out == data.manifest.negatives_left_out


@pytest.mark.parametrize("partitions", [1, 5])
def test_several_logs(tmp_path, write, partitions) -> None:
    write_several_logs(tmp_path / "raw")
    spec = spec_from_dict(several_logs_content())
    split = {"valid_from": "1970-01-02", "test_from": "1970-01-03"}
    data = equally_written(tmp_path, write, spec, partitions, **split)
    counters = ExamplesManifest.load(tmp_path / "examples").counters
    assert counters["event_rows_kept:buys"] == data.manifest.event_rows["buys"] > 0


def test_a_log_without_users(tmp_path, write) -> None:
    write_several_logs(tmp_path / "raw")
    content = several_logs_content()
    content["sources"] = {"log": {"files": "log_*.csv", "time": {"row_order": "log"}}}
    content["keys"] = {"item": "item"}
    content["sequences"] = {}
    content["fields"] = {name: content["fields"][name] for name in ("item", "place")}
    content["tables"] = {"item": {"vocabulary": {}}}
    content["tasks"] = {"like": content["tasks"]["like"]}
    spec = spec_from_dict(content)
    equally_written(tmp_path, write, spec, 3, valid_from=0.6, test_from=0.8)


@pytest.mark.parametrize("split", [(0.6, 0.8), (0.5, SHOP_SPLIT["test_from"])])
def test_fractions_of_a_log_with_a_clock(tmp_path, write, split) -> None:
    write_shop(tmp_path / "raw")
    spec = spec_from_dict(shop_content())
    said: list[str] = []
    prepare(spec, tmp_path / "raw", tmp_path / "prepared", *split, progress=Progress(said.append))
    assert any(line.startswith("validation starts at 2020-09-") for line in said)
    write(
        spec,
        tmp_path / "raw",
        tmp_path / "examples",
        valid_from=split[0],
        test_from=split[1],
        file_format="parquet",
        partitions=3,
    )
    data = PreparedData.open(tmp_path / "prepared")
    assert all(data.manifest.impressions.values())
    share = data.manifest.impressions["train"] / sum(data.manifest.impressions.values())
    assert share == pytest.approx(split[0], abs=0.05)
    assert_equal(data, tmp_path / "examples")


def _stamps(seconds: pa.Array, zone: str | None) -> pa.Array:
    return seconds.cast(pa.timestamp("s", zone))


SPELLINGS = {
    "float": ({"unit": "s"}, lambda seconds: pc.add(seconds.cast(pa.float64()), 0.25)),
    "format": (
        {"format": "%m/%d/%Y %I:%M:%S %p"},
        lambda seconds: pc.strftime(_stamps(seconds, "Asia/Shanghai"), "%m/%d/%Y %I:%M:%S %p"),
    ),
    "timestamp": ({}, lambda seconds: _stamps(seconds, "UTC")),
    "iso8601": ({"unit": "iso8601"}, lambda seconds: _stamps(seconds, "UTC")),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_other_spellings_of_time(tmp_path, write, spelling) -> None:
    """Every spelling gives what the seconds give, from prepare and from Beam."""
    said, spell = SPELLINGS[spelling]
    content = shop_content()
    content["sources"]["log"]["deduplicate"] = False  # CSV and Parquet spell a repeat differently
    write_shop(tmp_path / "seconds")
    prepare(
        spec_from_dict(content), tmp_path / "seconds", tmp_path / "expected", *SHOP_SPLIT.values()
    )
    expected = PreparedData.open(tmp_path / "expected")
    content["sources"]["log"]["time"] = {"column": "time", "timezone": "Asia/Shanghai", **said}
    spec = spec_from_dict(content)
    write_shop(tmp_path / "raw", spell=spell)
    data = equally_written(tmp_path, write, spec, 2, **SHOP_SPLIT)
    assert data.manifest.impressions == expected.manifest.impressions
    for split in data.manifest.impressions:
        found, wanted = (prepared_rows(each, split) for each in (data, expected))
        assert np.array_equal(np.sort(found, axis=0), np.sort(wanted, axis=0)), split


@pytest.mark.parametrize("row_order", ["log", "user"])
def test_rows_in_order_of_several_files(tmp_path, write, row_order) -> None:
    past = write_rows(tmp_path / "raw", nobody=7)
    spec = spec_from_dict(rows_content(row_order))
    equally_written(tmp_path, write, spec, 3, valid_from=0.6, test_from=0.8, history=past)


@pytest.mark.parametrize("name", ["kuairand_pure", "qb_video", "minimal"])
def test_shipped_specs_on_generated_logs(tmp_path, write, name) -> None:
    spec = load_spec(name)
    made = generate(spec, tmp_path / "raw", users=30, events=1200, seed=1)
    split = {"valid_from": made.valid_from, "test_from": made.test_from}
    equally_written(tmp_path, write, spec, 2, **split)


def test_blocks_and_partitions_leave_no_trace(tmp_path, write, monkeypatch) -> None:
    """Small blocks: many pieces of each user, which must come back into the log's order."""
    monkeypatch.setattr("infnet_keras.data.raw.sources._CSV_BLOCK_BYTES", 1 << 10)
    monkeypatch.setattr("infnet_keras.data.raw.sources._PARQUET_BLOCK_ROWS", 37)
    test_a_log_with_everything(tmp_path, write, partitions=3, with_history=True)


@pytest.mark.skipif(REAL is None, reason="KUAIRAND_PURE_DIR is not set")
def test_the_real_log(tmp_path, write) -> None:
    spec = override_spec(load_spec("kuairand_pure"), {"tasks.like.mask": "is_click == 1"})
    raw = Path(str(REAL))
    history = raw / "history_before_0425.parquet"
    split = {"valid_from": "2022-05-04", "test_from": "2022-05-05"}
    prepare(spec, raw, tmp_path / "prepared", **split, history=history)
    write(
        spec,
        raw,
        tmp_path / "examples",
        history=str(history),
        file_format="parquet",
        partitions=4,
        **split,
    )
    assert_equal(PreparedData.open(tmp_path / "prepared"), tmp_path / "examples")
