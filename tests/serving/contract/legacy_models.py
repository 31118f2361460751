"""Models of the contract suite that are exported as TensorFlow 1 did: from a graph and a session.

Classify and Regress know a signature by its method name, which only this builder sets.
"""

from pathlib import Path
from typing import Any

import tensorflow as tf

v1 = tf.compat.v1
WORDS = ("apple", "banana", "cherry")


def write_half_plus_two(path: Path) -> None:
    """y = x / 2 + 2, with the signatures of TF Serving's own test model.

    Source: servables/tensorflow/testdata/saved_model_half_plus_two.py
    """
    with tf.Graph().as_default(), v1.Session() as session:
        examples = v1.placeholder(tf.string, [None], name="tf_example")
        features = v1.io.parse_example(
            examples,
            {
                "x": v1.io.FixedLenFeature([1], tf.float32),
                "x2": v1.io.FixedLenFeature([1], tf.float32, default_value=[0.0]),
            },
        )
        a, b, c = (v1.get_variable(*item) for item in _constants(a=0.5, b=2.0, c=3.0))
        x, x2 = tf.identity(features["x"], name="x"), tf.identity(features["x2"], name="x2")
        y = tf.add(a * x, b, name="y")
        y2 = tf.add(a * x, c, name="y2")
        y3 = tf.add(a * x2, c, name="y3")
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(path))
        builder.add_meta_graph_and_variables(
            session,
            [v1.saved_model.tag_constants.SERVING],
            signature_def_map={
                "serving_default": _signature({"x": x}, {"y": y}, "predict"),
                "regress_x_to_y": _signature({"inputs": examples}, {"outputs": y}, "regress"),
                "regress_x_to_y2": _signature({"inputs": examples}, {"outputs": y2}, "regress"),
                "regress_x2_to_y3": _signature({"inputs": x2}, {"outputs": y3}, "regress"),
                "classify_x_to_y": _signature({"inputs": examples}, {"scores": y}, "classify"),
            },
        )
        builder.save()


def write_lookup(path: Path) -> None:
    """Looks words up in an asset that only the legacy initialiser loads.

    There is no `serving_default`; `classify` has labels and scores.
    """
    vocabulary = path.parent / "words.txt"
    vocabulary.parent.mkdir(parents=True, exist_ok=True)
    vocabulary.write_text("\n".join(WORDS) + "\n")
    with tf.Graph().as_default(), v1.Session() as session:
        table = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                str(vocabulary),
                tf.string,
                tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER,
            ),
            default_value=-1,
        )
        word = v1.placeholder(tf.string, [None], name="word")
        examples = v1.placeholder(tf.string, [None], name="tf_example")
        feature = v1.io.FixedLenFeature([], tf.string)
        parsed = v1.io.parse_example(examples, {"word": feature})["word"]
        others = v1.placeholder(tf.string, [None], name="other_tf_example")
        other = v1.io.parse_example(others, {"word": feature})["word"]
        scores = tf.one_hot(table.lookup(parsed), len(WORDS))
        classes = tf.tile(tf.constant([WORDS]), [tf.shape(parsed)[0], 1])
        session.run(v1.tables_initializer())
        builder = v1.saved_model.Builder(str(path))
        builder.add_meta_graph_and_variables(
            session,
            [v1.saved_model.tag_constants.SERVING],
            signature_def_map={
                "lookup": _signature({"word": word}, {"id": table.lookup(word)}, "predict"),
                "classify": _signature(
                    {"inputs": examples}, {"classes": classes, "scores": scores}, "classify"
                ),
                "classify_other": _signature(
                    {"inputs": others},
                    {"scores": tf.one_hot(table.lookup(other), len(WORDS)) * 2.0},
                    "classify",
                ),
                "classify_labels": _signature(
                    {"inputs": examples}, {"classes": classes}, "classify"
                ),
            },
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
            legacy_init_op=v1.tables_initializer(),
        )
        builder.save()
    vocabulary.unlink()


def _constants(**values: float) -> list[tuple[Any, ...]]:
    return [(name, [], tf.float32, v1.constant_initializer(x)) for name, x in values.items()]


def _signature(inputs: dict[str, Any], outputs: dict[str, Any], method: str) -> Any:
    info = v1.saved_model.build_tensor_info
    return v1.saved_model.build_signature_def(
        {name: info(tensor) for name, tensor in inputs.items()},
        {name: info(tensor) for name, tensor in outputs.items()},
        f"tensorflow/serving/{method}",
    )
