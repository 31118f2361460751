"""Writes the models that the page is tried on: one of ours, and others with every kind of input."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

EVIL = "<img src=x onerror=alert(1)>&\"'"


def example_rows() -> dict[str, Any]:
    """Raw rows: large ids, texts of every kind, a missing value, long and empty histories."""
    return {
        "user_id": ["ann", "bob", "日本 🎸", EVIL],
        "tab": [0, 4, 7, -(2**63)],
        "video_id": [10, 7, 2**63 - 1, 99],
        "tag": ["pop", "rock", "a, b", ""],
        "view__video_id": [[10, 7, 2**53 + 1, 99, 10, -(2**63)], [7] * 6, [0] * 6, [10] * 6],
        "view__tag": [["pop", 'a "quoted", tag', "rock", "pop", "", EVIL]] * 4,
        "view__length": [6, 3, 0, 1],
        "click__video_id": [[10, 7], [7, 7], [0, 0], [99, 99]],
        "click__length": [2, 1, 0, 2],
    }


def write_ranking_model(path: Path) -> None:
    """Save a small INFNet of three tasks as the exporter does, warm-up and examples included."""
    from infnet_keras.export.compute_reference import compute_reference
    from infnet_keras.export.write_saved_model import write_saved_model
    from infnet_keras.features import Assets, RowTransform, read_raw
    from infnet_keras.features.assets import definition_of
    from infnet_keras.models import INFNet
    from infnet_keras.spec import spec_from_dict

    spec = spec_from_dict(
        {
            "name": "ranking",
            "sources": {"log": {"files": "log.csv", "time": {"column": "time_ms", "unit": "ms"}}},
            "keys": {"user": "user_id", "item": "video_id"},
            "tables": {"video": {"vocabulary": {}, "oov": 5}, "tag": {"vocabulary": {}}},
            "fields": {
                "user_id": {"side": "user", "hash": 50},
                "video_id": {"side": "item", "table": "video"},
                "tag": {"side": "item", "table": "tag"},
                "tab": {"side": "context", "identity": 5},
            },
            "sequences": {
                "view": {"length": 4, "attributes": {"video_id": "video", "tag": "tag"}},
                "click": {"length": 3, "attributes": {"video_id": "video"}},
            },
            "tasks": {name: {"label": f"is_{name}"} for name in ("click", "like", "share")},
            "model": {"dim": 8, "blocks": 2, "tower_hidden": [8]},
        }
    )
    types = {"user_id": "string", "video_id": "int64", "tag": "string", "tab": "int64"}
    assets = Assets(definition_of(spec), types, {"video": ["10", "7"], "tag": ["pop", "rock"]}, {})
    model = INFNet(spec, assets.table_rows(spec))
    model.build()
    random = np.random.default_rng(7)
    for weight in model.weights:
        weight.assign(random.normal(0.0, 0.6, weight.shape).astype(weight.dtype))
    model.assets = assets
    transform = RowTransform(spec, assets)
    raw = read_raw(transform.inputs, example_rows())
    write_saved_model(model, compute_reference(model, transform, raw), path)


def write_padded(ranking: Path, path: Path) -> None:
    """The same model with recorded rows whose history has three events in six places."""
    import tensorflow as tf
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    shutil.copytree(ranking, path)
    (path / "assets.extra" / "example_request.json").unlink()
    warmup = str(path / "assets.extra" / "tf_serving_warmup_requests")
    logs = [PredictionLog.FromString(r) for r in tf.compat.v1.io.tf_record_iterator(warmup)]
    with tf.io.TFRecordWriter(warmup) as writer:
        for log in logs:
            inputs = log.predict_log.request.inputs
            if "view__length" in inputs:
                rows = inputs["view__length"].tensor_shape.dim[0].size
                ids = [[10, 7, 99, 0, 0, 0]] * rows
                tags = [["pop", "rock", "pop", "", "", ""]] * rows
                inputs["view__video_id"].CopyFrom(tf.make_tensor_proto(ids, tf.int64))
                inputs["view__tag"].CopyFrom(tf.make_tensor_proto(tags))
                inputs["view__length"].CopyFrom(tf.make_tensor_proto([3] * rows, tf.int64))
            writer.write(log.SerializeToString())


def write_without_attention(ranking: Path, path: Path) -> None:
    """The same model as an exporter without the signature `attention` wrote it."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    shutil.copytree(ranking, path)
    (path / "assets.extra" / "tf_serving_warmup_requests").unlink()
    file = path / "saved_model.pb"
    saved = SavedModel.FromString(file.read_bytes())
    del saved.meta_graphs[0].signature_def["attention"]
    file.write_bytes(saved.SerializeToString())


def write_plain_model(path: Path, factor: float) -> None:
    """Signatures of other people's models: rows, matrices, scalars, texts, truths, bytes."""
    import tensorflow as tf

    def spec(dtype: Any, shape: Any, name: str) -> Any:
        return tf.TensorSpec(shape, dtype, name=name)

    signatures = {
        "serving_default": tf.function(lambda x: {"y": factor * x}).get_concrete_function(
            spec(tf.float32, [None], "x")
        ),
        "matrix": tf.function(
            lambda grid, scale: {"sum": tf.reduce_sum(grid) * scale, "scaled": grid * scale}
        ).get_concrete_function(spec(tf.float32, [2, None], "grid"), spec(tf.float32, [], "scale")),
        "echo": tf.function(
            lambda big, text, yes: {
                "big_out": tf.identity(big),
                "text_out": tf.identity(text),
                "yes_out": tf.identity(yes),
            }
        ).get_concrete_function(
            spec(tf.int64, [None], "big"),
            spec(tf.string, [None], "text"),
            spec(tf.bool, [None, 2], "yes"),
        ),
    }
    tf.saved_model.save(tf.Module(), str(path), signatures)


def write_evil_model(path: Path) -> None:
    """A model whose signature and tensors have names that are markup."""
    import tensorflow as tf
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    function = tf.function(lambda x: {"y": tf.identity(x)}).get_concrete_function(
        tf.TensorSpec([None], tf.string, name="x")
    )
    tf.saved_model.save(tf.Module(), str(path), {"serving_default": function})
    file = path / "saved_model.pb"
    saved = SavedModel.FromString(file.read_bytes())
    signatures = saved.meta_graphs[0].signature_def
    signature = signatures[EVIL]
    signature.CopyFrom(signatures["serving_default"])
    signature.inputs[EVIL].CopyFrom(signature.inputs["x"])
    signature.outputs[EVIL].CopyFrom(signature.outputs["y"])
    del signature.inputs["x"], signature.outputs["y"], signatures["serving_default"]
    file.write_bytes(saved.SerializeToString())
