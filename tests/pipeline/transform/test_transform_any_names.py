"""tf.Transform fits and serves a spec whose names TensorFlow does not take."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from pipeline_parts import transform, write_examples, write_schema

from infnet_keras.features import RowTransform
from infnet_keras.spec import parse_spec
from infnet_keras.spec.sources import ColumnType
from tfx_pipeline.trainer.transformed_reader import TransformedReader
from tfx_pipeline.transform.assets import assets_from_transform
from tfx_pipeline.transform.graph import TransformGraph

SPEC = parse_spec("""
name: odd
sources: {log: {files: log.csv, time: {row_order: log}}}
keys: {user: "用户", item: "item_id:token"}
tables: {"a/b": {vocabulary: {}}, "点击": {vocabulary: {}}}
fields:
  "用户/(x)": {side: user, column: "用户", vocabulary: {}}
  "item_id:token": {side: item, table: "a/b"}
  "_tags": {side: item, table: "点击", multivalue: "|", max_values: 2}
  "价格 (元)": {side: item, quantiles: 3}
sequences:
  "看 过": {length: 3, attributes: {"item_id:token": "a/b", "_tags": "点击"}}
tasks: {"点/赞": {label: like}}
""")
TYPES: dict[str, ColumnType] = {
    "用户": "string",
    "item_id:token": "string",
    "_tags": "string",
    "价格 (元)": "float32",
}


def test_ids_are_those_of_the_row_transform(tmp_path: Path) -> None:
    served = SPEC.served_names
    own = [
        {
            "用户": f"u{n % 3}",
            "item_id:token": f"i{n % 4}",
            "_tags": f"t{n % 2}|t9",
            "价格 (元)": float(n),
            "看 过__item_id:token": ["i1", "i2"][: n % 3],
            "看 过___tags": ["t1", "t0"][: n % 3],
            "label__点/赞": n % 2,
            "weight__点/赞": 1.0,
        }
        for n in range(12)
    ]
    rows = [{served[name]: value for name, value in row.items()} for row in own]
    examples = write_examples(tmp_path / "examples", SPEC, TYPES, {"train": rows})
    schema = write_schema(tmp_path / "schema", SPEC, TYPES, {}, {})
    done = transform(tmp_path, SPEC, examples, schema)
    graph = Path(done["transform_graph"].uri)
    assets = assets_from_transform(graph, SPEC, TYPES)
    assert set(assets.vocabularies["a/b"]) == {"i0", "i1", "i2", "i3"}
    local = RowTransform(SPEC, assets)
    raw = {
        "用户": np.array([b"u1", b"u9"], object),
        "item_id:token": np.array([b"i3", b"i9"], object),
        "_tags": np.array([b"t1|t9", b""], object),
        "价格 (元)": np.array([3.0, 11.0], np.float32),
        "看 过__item_id:token": np.array([[b"i1", b"i2"], [b"", b""]], object),
        "看 过___tags": np.array([[b"t1", b"t0"], [b"", b""]], object),
        "看 过__length": np.array([2, 0]),
    }
    inputs = {given.name: tf.constant(raw[given.name], given.dtype) for given in local.inputs}
    found = tf.function(TransformGraph(graph, SPEC, local.inputs), autograph=False)(inputs)
    for name, ids in local(raw).items():
        np.testing.assert_array_equal(found[name].numpy(), ids, err_msg=name)
    files = [str(f) for f in Path(done["transformed_examples"].uri, "Split-train").iterdir()]
    (batch,) = TransformedReader(SPEC, files, count=12, batch_size=12).batches()
    assert sorted(batch.labels["点/赞"].tolist()) == [0.0] * 6 + [1.0] * 6
    assert set(batch.inputs) == set(local(raw))
