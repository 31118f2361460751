"""What lies in an examples directory, against a log small enough to read."""

import gzip
import json
from itertools import pairwise

import apache_beam as beam
import pyarrow as pa
import pytest
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from beam_logs import SHOP_SPLIT, shop_content, write_shop
from beam_rows import read_examples
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from infnet_keras.data.examples.columns import example_columns
from infnet_keras.data.examples.manifest import ExamplesManifest
from infnet_keras.errors import DataError
from infnet_keras.export.examples import parse_examples
from infnet_keras.features.raw_inputs import raw_inputs
from infnet_keras.spec import dump_spec, load_spec, spec_from_dict
from tfx_pipeline.beam.examples import write_examples
from tfx_pipeline.beam.local_runner import with_local_runner

SPEC = spec_from_dict(
    {
        "name": "tiny",
        "sources": {"log": {"files": "log.csv", "time": {"column": "time", "unit": "s"}}},
        "keys": {"user": "user", "item": "item"},
        "outcomes": ["dwell"],
        "tables": {"item": {"vocabulary": {}}, "dwell": {"quantiles": 4}},
        "fields": {
            "item": {"side": "item", "table": "item"},
            "price": {"side": "item", "quantiles": 4},
            "kind": {"side": "item", "hash": 10},
            "clicks": {
                "side": "user",
                "boundaries": [1],
                "derive": {"history_count": {"sequence": "click"}},
            },
        },
        "sequences": {
            "view": {"length": 2, "attributes": {"item": "item", "dwell": "dwell"}},
            "click": {"when": "clicked == 1", "length": 2, "attributes": {"item": "item"}},
        },
        "tasks": {
            "click": {"label": "clicked"},
            "buy": {"label": "bought", "mask": "clicked == 1"},
        },
    }
)
LOG = """user,item,time,clicked,bought,price,kind,dwell
1,7,10,1,0,0.0,a,5
1,0,20,0,1,,b,
1,8,30,,,2.5,,0
1,7,40,1,1,1.5,a,9
2,7,172800,1,,3.0,a,1
3,7,172800,0,,3.0,a,1
"""
DAYS = {"valid_from": "1970-01-02", "test_from": "1970-01-03"}
EXPECTED = [
    # Oldest first, at most two of a history; a missing value is None; no zero is missing.
    {"item": 7, "price": 0.0, "kind": "a", "clicks": 0.0, "dwell": 5, "user": 1}
    | {"view__item": [], "view__dwell": [], "click__item": []}
    | {"label__click": 1, "weight__click": 1.0, "label__buy": 0, "weight__buy": 1.0},
    {"item": 0, "price": None, "kind": "b", "clicks": 1.0, "dwell": None, "user": 1}
    | {"view__item": [7], "view__dwell": [5], "click__item": [7]}
    | {"label__click": 0, "weight__click": 1.0, "label__buy": 0, "weight__buy": 0.0},
    {"item": 8, "price": 2.5, "kind": None, "clicks": 1.0, "dwell": 0, "user": 1}
    | {"view__item": [7, 0], "view__dwell": [5, None], "click__item": [7]}
    | {"label__click": 0, "weight__click": 0.0, "label__buy": 0, "weight__buy": 0.0},
    {"item": 7, "price": 1.5, "kind": "a", "clicks": 1.0, "dwell": 9, "user": 1}
    | {"view__item": [0, 8], "view__dwell": [None, 0], "click__item": [7]}
    | {"label__click": 1, "weight__click": 1.0, "label__buy": 1, "weight__buy": 1.0},
]


@pytest.fixture
def raw(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "log.csv").write_text(LOG)
    return tmp_path / "raw"


def by_dwell(rows):
    return sorted(rows, key=lambda row: str(row["dwell"]))


def test_columns_and_values(tmp_path, raw, write) -> None:
    manifest = write(SPEC, raw, tmp_path / "out", file_format="parquet", **DAYS)
    columns = [column.name for column in example_columns(SPEC, manifest.column_types)]
    train = read_examples(tmp_path / "out", "train")
    assert train.column_names == columns
    assert set(columns) == set(EXPECTED[0])
    assert by_dwell(train.to_pylist()) == by_dwell(EXPECTED)
    test = read_examples(tmp_path / "out", "test").to_pylist()
    found = sorted((row["user"], row["view__item"], row["weight__buy"]) for row in test)
    assert found == [(2, [], 0.0), (3, [], 0.0)]
    assert not (tmp_path / "out" / "Split-valid").exists()


def test_manifest_and_what_lies_beside_it(tmp_path, raw, write) -> None:
    manifest = write(SPEC, raw, tmp_path / "out", **DAYS)
    assert manifest.impressions == {"train": 4, "valid": 0, "test": 2}
    assert manifest.label_rates["train"] == {"click": 2 / 3, "buy": 0.5}
    assert manifest.label_rates["valid"] == {"click": None, "buy": None}
    assert manifest.label_rates["test"] == {"click": 0.5, "buy": None}
    assert manifest.counters == {
        "rows_read": 6,
        "duplicates_dropped": 0,
        "rows_without_user:log": 0,
        "history_rows_read": 0,
        "history_rows_kept": 0,
        "history_rows_dropped": 0,
        "impressions:train": 4,
        "impressions:valid": 0,
        "impressions:test": 2,
        "labels_missing:click": 1,
        "labels_missing:buy": 1,
        "labels_masked:click": 0,
        "labels_masked:buy": 3,
    }
    assert load_spec(tmp_path / "out" / "spec.yaml") == SPEC
    assert (tmp_path / "out" / "spec.yaml").read_text() == dump_spec(SPEC)
    examples = json.loads((tmp_path / "out" / "raw_examples.json").read_text())
    assert examples["item"] == [7, 7]  # of the test part
    assert examples["view__length"] == [0, 0]
    assert len(examples["view__dwell"][0]) == 2
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert "temporary" not in names
    assert manifest == ExamplesManifest.load(tmp_path / "out")


def test_metrics_are_the_counters_of_the_manifest(tmp_path) -> None:
    past = write_shop(tmp_path / "raw", rows=300)
    pipeline = beam.Pipeline(options=PipelineOptions(with_local_runner([])))
    write_examples(
        pipeline,
        spec_from_dict(shop_content()),
        str(tmp_path / "raw"),
        str(tmp_path / "out"),
        history=str(past),
        partitions=5,
        **SHOP_SPLIT,
    )
    result = pipeline.run()
    result.wait_until_finish()
    found = result.metrics().query(beam.metrics.MetricsFilter().with_namespace("infnet"))
    counted = {metric.key.metric.name: metric.committed for metric in found["counters"]}
    assert counted == ExamplesManifest.load(tmp_path / "out").counters
    assert counted["history_rows_read"] == 300
    assert counted["history_rows_kept"] + counted["history_rows_dropped"] == 300
    assert min(counted["history_rows_dropped"], counted["labels_masked:buy"]) > 0


def test_tfrecords_hold_what_parquet_holds(tmp_path, write) -> None:
    write_shop(tmp_path / "raw")
    spec = spec_from_dict(shop_content())
    for name in ("tfrecord", "parquet"):
        write(spec, tmp_path / "raw", tmp_path / name, file_format=name, partitions=3, **SHOP_SPLIT)
    types = ExamplesManifest.load(tmp_path / "parquet").column_types
    columns = example_columns(spec, types)
    for split in ("train", "valid", "test"):
        files = sorted((tmp_path / "tfrecord" / f"Split-{split}").glob("*.gz"))
        records = list(tf.data.TFRecordDataset([str(file) for file in files], "GZIP"))
        encoded = [record.numpy() for record in records]
        decoded = pa.Table.from_batches([ExamplesToRecordBatchDecoder().DecodeBatch(encoded)])
        expected = read_examples(tmp_path / "parquet", split)
        missing = {"int64": -(2**63), "float32": None, "string": b""}
        for column in columns:
            found = decoded[column.name].to_pylist()
            wanted = expected[column.name].to_pylist()
            if column.dtype == "string":
                wanted = [
                    [v and v.encode() for v in value] if isinstance(value, list) else value
                    for value in wanted
                ]
                wanted = [v.encode() if isinstance(v, str) else v for v in wanted]
            if column.kind == "sequence":
                sentinel = missing[column.dtype]
                wanted = [[sentinel if v is None else v for v in value] for value in wanted]
                found = [value or [] for value in found]
            else:
                wanted = [None if value is None else [value] for value in wanted]
            assert found == wanted, column.name


def test_the_serving_signature_reads_the_examples(tmp_path, raw, write) -> None:
    manifest = write(SPEC, raw, tmp_path / "out", **DAYS)
    (file,) = (tmp_path / "out" / "Split-train").iterdir()
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(file), "GZIP")]
    parsed = parse_examples(tf.constant(records), raw_inputs(SPEC, manifest.column_types))
    row = [r["item"] == 8 for r in parsed_rows(parsed)].index(True)
    assert parsed["view__length"][row] == 2
    assert parsed["view__dwell"][row].numpy().tolist() == [5, -(2**63)]
    assert parsed["kind"][row] == b""
    assert sorted(parsed["item"].numpy().tolist()) == [0, 7, 7, 8]


def parsed_rows(parsed):
    count = len(parsed["item"])
    return [{name: values[row].numpy() for name, values in parsed.items()} for row in range(count)]


def test_runs_are_reproducible_and_shuffled(tmp_path, write) -> None:
    write_shop(tmp_path / "raw")
    spec = spec_from_dict(shop_content())
    for name in ("one", "two"):
        write(spec, tmp_path / "raw", tmp_path / name, file_format="parquet", **SHOP_SPLIT)
    one, two = (read_examples(tmp_path / name, "train") for name in ("one", "two"))
    assert one.equals(two)
    users = one["user"].to_pylist()
    changes = sum(a != b for a, b in pairwise(users))
    assert changes > 5 * len(set(users))


def test_a_gzip_file_has_no_time_stamp(tmp_path, raw, write) -> None:
    write(SPEC, raw, tmp_path / "out", **DAYS)
    (file,) = (tmp_path / "out" / "Split-test").iterdir()
    assert file.name == "examples-00000-of-00001.gz"
    assert file.read_bytes()[4:8] == bytes(4)
    assert gzip.decompress(file.read_bytes())


def test_a_name_that_is_taken(tmp_path, raw, write) -> None:
    content = SPEC.model_dump(mode="json", exclude_defaults=True)
    content["fields"]["kind"]["column"] = "label__click"
    (raw / "log.csv").write_text(LOG.replace("kind", "label__click"))
    with pytest.raises(DataError, match="two columns 'label__click'"):
        write(
            spec_from_dict(content),
            raw,
            tmp_path / "o",
            **DAYS,
        )
