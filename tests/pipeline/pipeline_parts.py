"""Examples written by hand, and the real components run on them, one at a time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf import json_format
from tfx.components.transform.executor import Executor as TransformExecutor
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto import example_gen_pb2, transform_pb2
from tfx.types import Artifact, artifact_utils, standard_artifacts
from tfx.utils import io_utils, json_utils

from infnet_keras.data.examples.columns import ExampleColumn, example_columns
from infnet_keras.spec import FeatureSpec, dump_spec
from infnet_keras.spec.sources import ColumnType
from tfx_pipeline.beam.local_runner import with_local_runner
from tfx_pipeline.components.schema_gen.schema import schema_of
from tfx_pipeline.schema_description import SchemaDescription, describe

Types = Mapping[str, ColumnType]
Row = Mapping[str, Any]


def run_executor(
    executor: type[BaseExecutor],
    directory: Path,
    inputs: dict[str, Artifact],
    outputs: dict[str, Artifact],
    parameters: dict[str, Any],
) -> dict[str, Artifact]:
    """Run a component's executor, with its outputs below `directory`."""
    for name, artifact in outputs.items():
        artifact.uri = str(directory / name)
    given: dict[str, Any] = {"tmp_dir": str(directory / "tmp"), "unique_id": "1"}
    if issubclass(executor, BaseBeamExecutor):
        given["beam_pipeline_args"] = with_local_runner([])
    executor(executor.Context(**given)).Do(
        {name: [artifact] for name, artifact in inputs.items()},
        {name: [artifact] for name, artifact in outputs.items()},
        parameters,
    )
    return outputs


def write_examples(
    directory: Path, spec: FeatureSpec, types: Types, splits: Mapping[str, list[Row]]
) -> Artifact:
    """Rows as an Examples artifact, in the format that ExampleGen writes.

    Args:
        directory: written.
        spec: the feature spec.
        types: type of each raw column.
        splits: for each split its rows, column of `example_columns` -> value or list of values;
            None is a missing value.
    """
    columns = example_columns(spec, types)
    for split, rows in splits.items():
        path = directory / f"Split-{split}" / "data.gz"
        path.parent.mkdir(parents=True)
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for row in rows:
                writer.write(_example(columns, row).SerializeToString())
    examples = standard_artifacts.Examples()
    examples.uri = str(directory)
    examples.split_names = artifact_utils.encode_split_names(list(splits))
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(examples, "tfrecords_gzip")
    return examples


def write_schema(
    directory: Path,
    spec: FeatureSpec,
    types: Types,
    impressions: Mapping[str, int],
    raw_examples: dict[str, Any],
) -> Artifact:
    """The Schema artifact that SchemaGen writes for such examples."""
    schema = schema_of(spec, types)
    describe(schema, SchemaDescription(dict(types), dict(impressions), raw_examples))
    artifact = standard_artifacts.Schema()
    artifact.uri = str(directory)
    io_utils.write_pbtxt_file(str(directory / "schema.pbtxt"), schema)
    return artifact


def transform(
    directory: Path, spec: FeatureSpec, examples: Artifact, schema: Artifact
) -> dict[str, Artifact]:
    """Run TFX's Transform: `transform_graph` and `transformed_examples`."""
    splits = transform_pb2.SplitsConfig(
        analyze=["train"], transform=artifact_utils.decode_split_names(examples.split_names)
    )
    outputs = {
        "transform_graph": standard_artifacts.TransformGraph(),
        "transformed_examples": standard_artifacts.Examples(),
    }
    parameters = {
        "preprocessing_fn": "tfx_pipeline.transform.preprocessing.preprocessing_fn",
        "custom_config": json_utils.dumps({"spec": dump_spec(spec)}),
        "splits_config": json_format.MessageToJson(splits),
        "disable_statistics": 1,
        "force_tf_compat_v1": 0,
    }
    inputs = {"examples": examples, "schema": schema}
    return run_executor(TransformExecutor, directory, inputs, outputs, parameters)


def _example(columns: list[ExampleColumn], row: Row) -> tf.train.Example:
    example = tf.train.Example()
    for column in columns:
        value = row[column.name]
        values = value if isinstance(value, list) else [] if value is None else [value]
        feature = example.features.feature[column.name]
        if column.dtype == "int64":
            feature.int64_list.value.extend(values)
        elif column.dtype == "float32":
            feature.float_list.value.extend(values)
        else:
            feature.bytes_list.value.extend(
                text if isinstance(text, bytes) else text.encode() for text in values
            )
    return example
