"""The real log: counts that its description states."""

import os
from pathlib import Path

import pytest

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.features.numpy.row_transform import RowTransform
from infnet_keras.spec import load_spec

RAW = os.environ.get("KUAIRAND_PURE_DIR")
pytestmark = pytest.mark.skipif(RAW is None, reason="KUAIRAND_PURE_DIR is not set")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> PreparedData:
    out = tmp_path_factory.mktemp("kuairand") / "out"
    raw = Path(str(RAW))
    history = raw / "history_before_0425.parquet"
    prepare(load_spec("kuairand_pure"), raw, out, "2022-05-04", "2022-05-05", history=history)
    return PreparedData.open(out)


def test_counts(prepared) -> None:
    manifest = prepared.manifest
    assert manifest.rows_read == 198_895
    assert manifest.duplicates_dropped == 4_931
    assert manifest.impressions == {"train": 150_214, "valid": 17_194, "test": 26_556}
    assert manifest.users == 24_717
    assert manifest.joins_missed == {"users": 0, "videos": 0}
    rates = manifest.label_rates["train"]
    assert rates == pytest.approx({"click": 0.451, "long_view": 0.318, "like": 0.0179}, rel=5e-3)


def test_batches_and_examples_have_the_same_inputs(prepared) -> None:
    batch = ImpressionReader(prepared, "test", 1024).batch(0)
    examples = RowTransform(prepared.spec, prepared.assets)(prepared.raw_examples or {})
    assert {name: ids.shape[1:] for name, ids in batch.inputs.items()} == {
        name: ids.shape[1:] for name, ids in examples.items()
    }
    assert (batch.inputs["view__video_id"] != 0).mean() > 0.5  # seeded by the earlier history
