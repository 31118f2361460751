"""What impressions weigh, and which are left out of training, against the log itself."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_log import SPEC, write_log

from infnet_keras import ImpressionDataset
from infnet_keras.data import ImpressionReader, PreparedData, generate, prepare
from infnet_keras.data.prepared.batch import Batch
from infnet_keras.errors import DataError, SpecError
from infnet_keras.spec import FeatureSpec, load_spec, override_spec, spec_from_dict

EVENTS, TRAIN, TEST = 3000, 2400, 2700


def made(tmp_path: Path, changes: dict[str, Any], weights: bool = False) -> PreparedData:
    """Prepared data of the tiny log, whose column `pay` is 0 .. 6 and `trust` in halves."""
    raw = tmp_path / "raw"
    if not raw.exists():
        write_log(raw, EVENTS)
        if weights:
            log = raw / "events.csv"
            head, *lines = log.read_text().splitlines()
            lines = [f"{line},{row % 7},{row % 3 / 2}" for row, line in enumerate(lines)]
            log.write_text("\n".join([f"{head},pay,trust", *lines]) + "\n")
    out = tmp_path / f"data{len(list(tmp_path.iterdir()))}"
    prepare(override_spec(spec_from_dict(SPEC), changes), raw, out, 0.8, 0.9)
    return PreparedData.open(out)


def whole(data: PreparedData, split: Any) -> Batch:
    return ImpressionReader(data, split, EVENTS).batch(0)


def log(tmp_path: Path) -> list[dict[str, str]]:
    with (tmp_path / "raw" / "events.csv").open() as file:
        return list(csv.DictReader(file))


def by_user(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """In the reader's order: by user, then as in the log."""
    return sorted(rows, key=lambda row: int(row["user"]))


def test_columns_of_weights_are_multiplied(tmp_path: Path) -> None:
    data = made(tmp_path, {"weight": "trust", "tasks.like.weight": "pay"}, weights=True)
    found = whole(data, "train")
    rows = by_user(log(tmp_path)[:TRAIN])
    trust = np.array([float(row["trust"]) for row in rows])
    pay = np.array([float(row["pay"]) for row in rows])
    np.testing.assert_array_equal(found.weights["click"], trust.astype("float32"))
    np.testing.assert_array_equal(found.weights["like"], (trust * pay).astype("float32"))
    assert data.manifest.labels_missing == {"click": 0, "like": 0}
    # An impression of weight 0 does not count, as outside of a mask.
    np.testing.assert_array_equal(np.isnan(found.labels["like"]), trust * pay == 0)
    assert whole(data, "test").weights.keys() == {"click", "like"}


def test_a_sample_keeps_positives_and_weighs_what_it_keeps_of_the_rest(tmp_path: Path) -> None:
    full, data = made(tmp_path, {}), made(tmp_path, {"sample": {"negatives": 0.2}})
    rows = log(tmp_path)[:TRAIN]
    positives = sum("1" in (row["click"], row["like"]) for row in rows)
    found = whole(data, "train")
    kept_negatives = len(found.users) - positives
    assert kept_negatives == pytest.approx(0.2 * (TRAIN - positives), rel=0.15)
    negative = (found.labels["click"] == 0) & (found.labels["like"] == 0)
    assert negative.sum() == kept_negatives
    for weights in found.weights.values():
        np.testing.assert_array_equal(weights, np.where(negative, np.float32(5), np.float32(1)))
    manifest = data.manifest
    assert manifest.impressions["train"] == len(found.users)
    assert manifest.negatives_left_out == TRAIN - len(found.users)
    # Of nothing else is anything missing.
    assert manifest.label_rates == full.manifest.label_rates
    assert data.assets.vocabularies == full.assets.vocabularies
    for split in ("valid", "test"):
        one, other = whole(data, split), whole(full, split)
        assert all((weights == 1).all() for weights in one.weights.values())
        for name, ids in other.inputs.items():
            np.testing.assert_array_equal(one.inputs[name], ids)


def test_histories_hold_what_is_left_out(tmp_path: Path) -> None:
    """With every earlier event in them, as the whole data has them for the same impressions."""
    every = {"sequences.seen": {"length": 5, "attributes": {"item": "item"}}}
    full = whole(made(tmp_path, every), "train")
    found = whole(made(tmp_path, {**every, "sample": {"negatives": 0.2}}), "train")

    def rows(batch: Batch) -> set[tuple[int, ...]]:
        columns = [np.reshape(ids, (len(batch.users), -1)) for ids in batch.inputs.values()]
        return {tuple(row) for row in np.concatenate(columns, axis=1).tolist()}

    assert rows(found) < rows(full)


def test_the_same_are_left_out_whatever_else_is_prepared(tmp_path: Path) -> None:
    """By key and time alone: a half is a part of three quarters."""

    def kept(share: float) -> set[bytes]:
        batch = whole(made(tmp_path, {"sample": {"negatives": share}}), "train")
        columns = [np.reshape(ids, (len(batch.users), -1)) for ids in batch.inputs.values()]
        return {row.tobytes() for row in np.concatenate(columns, axis=1)}

    quarter, half = kept(0.25), kept(0.5)
    assert quarter < half == kept(0.5)


def test_a_dataset_gives_weights_and_fills_up_with_none(tmp_path: Path) -> None:
    data = made(tmp_path, {"sample": {"negatives": 0.2}})
    batches = ImpressionDataset(data, "train", 500, fill_last_batch=True)
    _, labels, weights = batches[len(batches) - 1]
    assert weights.keys() == labels.keys() == {"click", "like"}
    np.testing.assert_array_equal(weights["click"] == 0, np.isnan(labels["click"]))
    assert len(made(tmp_path, {}).reader("train", 9).batch(0).weights) == 0


@pytest.mark.parametrize(
    ("wrong", "found"), [("-1", "holds -1"), ("", "is missing"), ("1e39", "holds inf")]
)
def test_what_is_no_weight_is_said(tmp_path: Path, wrong: str, found: str) -> None:
    raw = tmp_path / "raw"
    write_log(raw, EVENTS)
    lines = (raw / "events.csv").read_text().splitlines()
    rest = [f"{line},{wrong if row == 9 else 2}" for row, line in enumerate(lines[1:])]
    (raw / "events.csv").write_text("\n".join([lines[0] + ",pay", *rest]) + "\n")
    spec = override_spec(spec_from_dict(SPEC), {"tasks.click.weight": "pay"})
    said = f"in task 'click' is no number of at least 0 that float32 holds: 'pay' {found}"
    with pytest.raises(DataError, match=said):
        prepare(spec, raw, tmp_path / "data", 0.8, 0.9)
    masked = override_spec(spec, {"tasks.click.mask": "pay >= 0 and pay < 9"})
    prepare(masked, raw, tmp_path / "data", 0.8, 0.9)
    assert np.isfinite(whole(PreparedData.open(tmp_path / "data"), "train").weights["click"]).all()


def test_a_sample_without_negatives_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"of 1,[0-9]+ that is none: nothing is learned"):
        made(tmp_path, {"sample": {"negatives": 1e-9}})


def test_a_key_is_no_weight() -> None:
    for changes in ({"weight": "user"}, {"tasks.like.weight": "item"}, {"weight": ""}):
        with pytest.raises(SpecError, match="it cannot be a weight"):
            override_spec(spec_from_dict(SPEC), changes)


def test_generated_logs_hold_the_columns(tmp_path: Path) -> None:
    spec: FeatureSpec = override_spec(load_spec("minimal"), {"weight": "value"})
    starts = generate(spec, tmp_path / "raw", users=20, events=600, seed=0)
    prepare(spec, tmp_path / "raw", tmp_path / "data", starts.valid_from, starts.test_from)
    weights = whole(PreparedData.open(tmp_path / "data"), "train").weights
    assert len(np.unique(weights["click"])) > 50


def test_text_that_is_a_number_is_one() -> None:
    assert override_spec(spec_from_dict(SPEC), {"tasks.like.weight": "1e-1"}).tasks[
        "like"
    ].loss_weight == pytest.approx(0.1)
