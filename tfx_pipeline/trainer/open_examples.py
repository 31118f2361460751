"""The transformed examples that TFX hands to a Trainer or a Tuner."""

from pathlib import Path

import keras
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

from infnet_keras.data.history.splits import Split
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.schema_description import read_description
from tfx_pipeline.trainer.transformed_examples import TransformedExamples
from tfx_pipeline.transform.assets import assets_from_transform


def open_examples(spec: FeatureSpec, fn_args: FnArgs, transform_graph: Path) -> TransformedExamples:
    """Open what Transform wrote, with the assets that it fitted.

    Args:
        spec: the spec to train.
        fn_args: `train_files`, `eval_files` and `schema_path` are read.
        transform_graph: Transform's graph.

    Raises:
        DataError: the graph was fitted for another spec, or a file is missing.
    """
    if keras.backend.backend() != "tensorflow":
        # TensorFlow only reads files here: the accelerator's memory is the backend's.
        tf.config.set_visible_devices([], "GPU")
    known = read_description(fn_args.schema_path)
    assets = assets_from_transform(transform_graph, spec, known.column_types)
    patterns: dict[Split, list[str]] = {"train": fn_args.train_files, "valid": fn_args.eval_files}
    counts: dict[Split, int] = {split: known.impressions[split] for split in patterns}
    return TransformedExamples(spec, assets, patterns, counts, known.raw_examples)
