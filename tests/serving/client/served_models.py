"""The models that the clients' tests ask: one of ours, and plain ones that echo."""

from pathlib import Path
from typing import Any

import numpy as np

ROWS = 6
TEXTS = ["ann", "bob", "", "日本", "unheard of", "x" * 300]


def raw_columns() -> dict[str, list[Any]]:
    """Rows of the ranking model: unseen ids, missing values, empty and long histories."""
    return {
        "user_id": TEXTS,
        "video_id": [10, 7, None, 99, -(2**63) + 1, 2**63 - 1],
        "tag": ["pop", "rock,pop", None, "unheard", "", "späti 🎸"],
        "duration": [0.5, None, 4.0, 1e9, -1.0, 20.0],
        "tab": [0, 1, None, 2, -1, 2**63 - 1],
        "view__video_id": [[], [10], [7, 99], [10, 7, 10, 7, 10, 7], [], [None, 7]],
        "view__tag": [[], ["pop"], ["rock", None], ["pop"] * 6, [], ["", "pop"]],
    }


def padded_columns() -> dict[str, list[Any]]:
    """The same, as a request has to be without the client's help: filled up, with lengths."""
    columns = raw_columns()
    videos, tags = columns["view__video_id"], columns["view__tag"]
    longest = max(map(len, videos))
    return {
        **columns,
        "view__video_id": [steps + [0] * (longest - len(steps)) for steps in videos],
        "view__tag": [steps + ["pop"] * (longest - len(steps)) for steps in tags],
        "view__length": [len(steps) for steps in videos],
    }


def write_ranking_model(path: Path) -> None:
    """Save a small INFNet of two tasks, untrained, with weights that tell rows apart."""
    import keras
    import tensorflow as tf

    from infnet_keras.export.signatures import ServingModule, signatures
    from infnet_keras.features import Assets, RowTransform
    from infnet_keras.features.assets import VOCABULARY_DIRECTORY, definition_of
    from infnet_keras.features.tensorflow.row_transform import TensorFlowRowTransform
    from infnet_keras.models import INFNet
    from infnet_keras.spec import spec_from_dict

    spec = spec_from_dict(
        {
            "name": "ranking",
            "sources": {"log": {"files": "log.csv", "time": {"column": "time_ms", "unit": "ms"}}},
            "keys": {"user": "user_id", "item": "video_id"},
            "tables": {"video": {"vocabulary": {}, "oov": 2}, "tag": {"vocabulary": {}}},
            "fields": {
                "user_id": {"side": "user", "hash": 50},
                "video_id": {"side": "item", "table": "video"},
                "tag": {"side": "item", "table": "tag", "multivalue": ",", "max_values": 2},
                "duration": {"side": "item", "quantiles": 4},
                "tab": {"side": "context", "identity": 3},
            },
            "sequences": {"view": {"length": 4, "attributes": {"video_id": "video", "tag": "tag"}}},
            "tasks": {"click": {"label": "is_click"}, "like": {"label": "is_like"}},
            "model": {"dim": 8, "blocks": 2, "tower_hidden": [8]},
        }
    )
    assets = Assets(
        definition=definition_of(spec),
        column_types={
            "user_id": "string",
            "video_id": "int64",
            "tag": "string",
            "duration": "float32",
            "tab": "int64",
        },
        vocabularies={"video": ["10", "7"], "tag": ["pop", "rock", "späti 🎸"]},
        boundaries={"duration": [1.0, 5.0]},
    )
    model: Any = INFNet(spec, assets.table_rows(spec))
    model.build()
    random = np.random.default_rng(7)
    for weight in model.weights:
        weight.assign(keras.ops.cast(random.normal(0.0, 0.5, weight.shape), weight.dtype))
    files = path.parent.parent / "files"
    assets.save(files)
    transform = TensorFlowRowTransform.from_assets(spec, assets, files / VOCABULARY_DIRECTORY)
    served = signatures(transform, model, RowTransform(spec, assets).inputs)
    module = ServingModule(transform, model, [files / "assets.json"])
    tf.saved_model.save(module, str(path), signatures=served)


def write_plain_model(path: Path, divisor: float) -> None:
    """Save a model whose answers are plain to see.

    `serving_default` answers x / divisor + 2, `echo` its inputs of every type, `wide` one string.
    """
    import tensorflow as tf

    takes = {
        "whole": tf.TensorSpec([None, None], tf.int32),
        "byte": tf.TensorSpec([None], tf.uint8),
        "flag": tf.TensorSpec([None], tf.bool),
        "real": tf.TensorSpec([None, 1], tf.float64),
        "pair": tf.TensorSpec([None, 2], tf.float32),
        "cube": tf.TensorSpec([None, None, None], tf.int64),
        "text": tf.TensorSpec([None, None], tf.string),
        "scalar": tf.TensorSpec([], tf.float32),
    }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def halve(x: Any) -> Any:
        return {"y": x / divisor + 2.0}

    @tf.function(
        input_signature=[{n: tf.TensorSpec(s.shape, s.dtype, n) for n, s in takes.items()}]
    )
    def echo(given: Any) -> Any:
        echoed = {f"{name}_out": tf.identity(value) for name, value in given.items()}
        return {**echoed, "text_bytes": tf.identity(given["text"])}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float16, name="half")])
    def narrow(half: Any) -> Any:
        return {"twice": half * 2, "brain": tf.cast(half, tf.bfloat16)}

    served = {"serving_default": halve, "echo": echo, "narrow": narrow}
    tf.saved_model.save(tf.Module(), str(path), signatures=served)
