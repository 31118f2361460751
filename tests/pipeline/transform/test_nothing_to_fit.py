"""A training part in which nothing occurs that could be fitted."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from pipeline_parts import transform, write_examples, write_schema

from infnet_keras.features import RowTransform
from infnet_keras.spec import FeatureSpec, spec_from_dict
from infnet_keras.spec.sources import ColumnType
from tfx_pipeline.transform.assets import assets_from_transform
from tfx_pipeline.transform.fitted_encoders import PLACEHOLDER
from tfx_pipeline.transform.graph import TransformGraph

SPEC: FeatureSpec = spec_from_dict(
    {
        "name": "bare",
        "sources": {"log": {"files": "log.csv", "time": {"row_order": "log"}}},
        "keys": {"user": "user", "item": "item"},
        "tables": {"item": {"vocabulary": {}, "missing": "own"}},
        "fields": {
            "user": {"side": "user", "hash": 10},
            "item": {"side": "item", "table": "item"},
            "price": {"side": "item", "quantiles": 4},
        },
        "sequences": {"view": {"length": 3, "attributes": {"item": "item"}}},
        "tasks": {"click": {"label": "click"}},
    }
)
TYPES: dict[str, ColumnType] = {"user": "int64", "item": "string", "price": "float32"}
NAN = float("nan")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("bare")
    rows = [
        {
            "user": user,
            "item": [None, "", "\n", PLACEHOLDER][user % 4],
            "price": None if user % 2 else NAN,
            "view__item": [],
            "label__click": 0,
            "weight__click": 0.0,
        }
        for user in range(8)
    ]
    examples = write_examples(directory / "examples", SPEC, TYPES, {"train": rows})
    schema = write_schema(directory / "schema", SPEC, TYPES, {}, {})
    done = transform(directory, SPEC, examples, schema)
    records = tf.data.TFRecordDataset(
        str(next(Path(done["transformed_examples"].uri, "Split-train").iterdir())), "GZIP"
    )
    codes = [
        tf.train.Example.FromString(r).features.feature["user__code"].int64_list.value[0]
        for r in records.as_numpy_iterator()
    ]
    assert sorted(codes) == list(range(8))  # an integer key is its own number
    return Path(done["transform_graph"].uri)


def test_ids(graph: Path) -> None:
    assets = assets_from_transform(graph, SPEC, TYPES)
    assert assets.vocabularies == {"item": []}
    assert assets.boundaries == {"price": []}
    local = RowTransform(SPEC, assets)
    raw = {
        "user": np.array([1, 2, 3, 4]),
        "item": np.array([b"", b"x", PLACEHOLDER, b"\n"], object),
        "price": np.array([0.0, NAN, -5.0, 1e9], np.float32),
        "view__item": np.array([[b"", b"x"], [b"x", b""], [PLACEHOLDER, b""], [b"", b""]], object),
        "view__length": np.array([2, 1, 1, 0]),
    }
    inputs = {given.name: tf.constant(raw[given.name], given.dtype) for given in local.inputs}
    found = tf.function(TransformGraph(graph, SPEC, local.inputs), autograph=False)(inputs)
    expected = local(raw)
    for name, ids in expected.items():
        np.testing.assert_array_equal(found[name].numpy(), ids, err_msg=name)
    assert expected["item"].tolist() == [2, 1, 1, 1]
    assert expected["price"].tolist() == [2, 1, 2, 2]
