"""The component and its executor."""

import json
import os
from typing import Any, ClassVar

from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import Artifact, BaseChannel, Channel, artifact_utils, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.utils import io_utils

from infnet_keras.data.examples.manifest import ExamplesManifest
from infnet_keras.features.raw_examples_file import RAW_EXAMPLES
from infnet_keras.spec import parse_spec
from tfx_pipeline.beam.storage import storage_of
from tfx_pipeline.components.schema_gen.schema import schema_of
from tfx_pipeline.schema_description import SchemaDescription, describe


class Executor(BaseExecutor):
    """Executor of `SchemaGen`."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write both schemas."""
        examples = artifact_utils.get_single_uri(input_dict["examples"])
        storage = storage_of(examples)
        manifest = ExamplesManifest.load(examples, storage)
        schema = schema_of(parse_spec(exec_properties["spec"]), manifest.column_types)
        _write(schema, output_dict["schema"])
        with storage.open(os.path.join(examples, RAW_EXAMPLES)) as stream:
            raw_examples = json.loads(stream.read())
        describe(
            schema, SchemaDescription(manifest.column_types, manifest.impressions, raw_examples)
        )
        _write(schema, output_dict["described_schema"])


def _write(schema: schema_pb2.Schema, artifacts: list[Artifact]) -> None:
    io_utils.write_pbtxt_file(
        os.path.join(artifact_utils.get_single_uri(artifacts), "schema.pbtxt"), schema
    )


class SchemaGenSpec(ComponentSpec):
    """What the component takes and gives."""

    PARAMETERS: ClassVar[dict[str, Any]] = {"spec": ExecutionParameter(type=str)}
    INPUTS: ClassVar[dict[str, Any]] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples)
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "schema": ChannelParameter(type=standard_artifacts.Schema),
        "described_schema": ChannelParameter(type=standard_artifacts.Schema),
    }


class SchemaGen(BaseComponent):
    """Writes the schema that examples must keep to; nothing of it is inferred from the data.

    Its outputs: `schema`, and for the Trainer and the Tuner `described_schema`, the same with the
    raw columns' types and example requests in it (`tfx_pipeline.schema_description`). Two of them,
    because StatisticsGen copies its schema into every combiner that it makes.

    Args:
        examples: raw examples, as ExampleGen writes them: their manifest has the columns' types.
        spec: the feature spec as YAML.
    """

    SPEC_CLASS = SchemaGenSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, examples: BaseChannel, spec: str):
        super().__init__(
            spec=SchemaGenSpec(
                examples=examples,
                spec=spec,
                schema=Channel(type=standard_artifacts.Schema),
                described_schema=Channel(type=standard_artifacts.Schema),
            )
        )
