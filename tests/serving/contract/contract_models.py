"""Models of the contract suite that are exported as TensorFlow 2 exports them: from tf.Module."""

from pathlib import Path
from typing import Any

import tensorflow as tf

# What REST and gRPC both carry; `half` and `complex64` are gRPC's alone.
ECHO_TYPES = {
    "float": tf.float32,
    "double": tf.float64,
    "int8": tf.int8,
    "int16": tf.int16,
    "int32": tf.int32,
    "int64": tf.int64,
    "uint8": tf.uint8,
    "uint32": tf.uint32,
    "uint64": tf.uint64,
    "bool": tf.bool,
    "string": tf.string,
    "half": tf.float16,
    "complex64": tf.complex64,
}
TOGETHER = ("float", "int64", "string", "bool")


def write_echo(path: Path) -> None:
    """One signature a type answers its input of any shape; `together` takes four types at once."""
    module = tf.Module()
    signatures = {
        name: tf.function(lambda x: {"y": tf.identity(x)}).get_concrete_function(
            tf.TensorSpec(None, dtype, name="x")
        )
        for name, dtype in ECHO_TYPES.items()
    }
    specs = {name: tf.TensorSpec([None], ECHO_TYPES[name], name=name) for name in TOGETHER}
    signatures["together"] = tf.function(
        lambda **inputs: {f"{name}_out": tf.identity(x) for name, x in inputs.items()}
    ).get_concrete_function(**specs)
    signatures["serving_default"] = signatures["float"]
    tf.saved_model.save(module, str(path), signatures)


def write_outputs(path: Path) -> None:
    """Signatures whose outputs REST treats each in its own way; `sum` has a default for `b`."""
    floats = tf.TensorSpec([None], tf.float32, name="x")
    strings = tf.TensorSpec([None], tf.string, name="s")

    def of_floats(function: Any) -> Any:
        return tf.function(function).get_concrete_function(floats)

    def of_strings(function: Any) -> Any:
        return tf.function(function).get_concrete_function(strings)

    signatures = {
        "serving_default": of_floats(lambda x: {"double": 2.0 * x, "square": x * x}),
        "matrix": of_floats(lambda x: {"y": tf.stack([x, -x], axis=1)}),
        "scalar": of_floats(lambda x: {"y": tf.reduce_sum(x)}),
        "unequal": of_floats(lambda x: {"all": tf.identity(x), "first": x[:1]}),
        "none": of_floats(lambda x: {"y": x[:0]}),
        "reciprocal": of_floats(lambda x: {"y": 1.0 / x}),
        "complex": of_floats(lambda x: {"y": tf.complex(x, x)}),
        "bytes": of_strings(lambda s: {"image_bytes": tf.identity(s), "text": tf.identity(s)}),
        "only_bytes": of_strings(lambda s: {"image_bytes": tf.identity(s)}),
        "sum": tf.function(lambda a, b: {"y": a + b}).get_concrete_function(
            tf.TensorSpec([None], tf.float32, name="a"),
            tf.TensorSpec([None], tf.float32, name="b"),
        ),
        "with_default": tf.function(lambda a, b: {"y": a + b}).get_concrete_function(
            tf.TensorSpec([None], tf.float32, name="a"),
            tf.TensorSpec([None], tf.float32, name="b"),
        ),
    }
    tf.saved_model.save(tf.Module(), str(path), signatures)
    _set_default(path, "with_default", "b", tf.make_tensor_proto([10.0]))


def write_matrix(path: Path) -> None:
    """Half plus two of rows of any length, for batches whose rows are padded."""
    function = tf.function(lambda x: {"y": 0.5 * x + 2.0}).get_concrete_function(
        tf.TensorSpec([None, None], tf.float32, name="x")
    )
    tf.saved_model.save(tf.Module(), str(path), {"serving_default": function})


def write_slow(path: Path) -> None:
    """Counts to `steps`, one at a time: some microseconds each."""

    def count(steps: tf.Tensor) -> dict[str, tf.Tensor]:
        last = tf.reduce_max(steps)
        done = tf.while_loop(
            lambda i: i < last, lambda i: (i + 1,), (tf.zeros([], tf.int64),), parallel_iterations=1
        )
        return {"done": tf.zeros_like(steps) + done[0]}

    function = tf.function(count).get_concrete_function(
        tf.TensorSpec([None], tf.int64, name="steps")
    )
    tf.saved_model.save(tf.Module(), str(path), {"serving_default": function})


def write_version(path: Path, version: int) -> None:
    """Answers x + 100 * version, so that an answer tells its version."""
    function = tf.function(lambda x: {"y": x + 100.0 * version}).get_concrete_function(
        tf.TensorSpec([None], tf.float32, name="x")
    )
    tf.saved_model.save(tf.Module(), str(path), {"serving_default": function})


def write_corrupt(path: Path) -> None:
    """A version directory whose graph cannot be read."""
    path.mkdir(parents=True)
    (path / "saved_model.pb").write_bytes(b"\x0aThis is no SavedModel.")


def write_infnet(directory: Path) -> None:
    """Version 1 of a small model of this repository, by its own export."""
    import numpy as np

    from infnet_keras.export import export_saved_model
    from infnet_keras.features import Assets
    from infnet_keras.features.assets import definition_of
    from infnet_keras.models import INFNet
    from infnet_keras.spec import spec_from_dict

    spec = spec_from_dict(
        {
            "name": "infnet",
            "sources": {
                "log": {"files": "log.csv", "time": {"column": "time_ms", "unit": "ms"}},
            },
            "keys": {"user": "user_id", "item": "video_id"},
            "tables": {"video": {"vocabulary": {}, "oov": 3}},
            "fields": {
                "user_id": {"side": "user", "hash": 50},
                "video_id": {"side": "item", "table": "video"},
                "tab": {"side": "context", "identity": 5},
            },
            "tasks": {"click": {"label": "is_click"}, "like": {"label": "is_like"}},
            "model": {"dim": 8, "blocks": 2, "tower_hidden": [8]},
        }
    )
    examples = {"user_id": ["ann", "bob", ""], "video_id": [10, -3, 99], "tab": [0, 4, 7]}
    assets = Assets(
        definition=definition_of(spec),
        column_types={"user_id": "string", "video_id": "int64", "tab": "int64"},
        vocabularies={"video": ["10", "-3", "7"]},
        boundaries={},
    )
    model = INFNet(spec, assets.table_rows(spec))
    model.build()
    random = np.random.default_rng(7)
    for weight in model.weights:
        weight.assign(random.normal(0.0, 0.5, weight.shape).astype(weight.dtype))
    model.assets = assets
    export_saved_model(model, directory, examples=examples)


def _set_default(path: Path, signature: str, alias: str, value: Any) -> None:
    # tf.saved_model.save has no argument for a signature's defaults: the message has the field.
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    file = path / "saved_model.pb"
    saved = SavedModel.FromString(file.read_bytes())
    saved.meta_graphs[0].signature_def[signature].defaults[alias].CopyFrom(value)
    file.write_bytes(saved.SerializeToString())
