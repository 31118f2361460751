"""The real components run on a small generated log, one at a time."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
from tfx.components.statistics_gen.executor import Executor as StatisticsExecutor
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import Artifact, standard_artifacts

from infnet_keras.spec import FeatureSpec, dump_spec, load_spec, override_spec
from tfx_pipeline.beam.local_runner import with_local_runner
from tfx_pipeline.components.example_gen.executor import Executor as ExampleExecutor
from tfx_pipeline.components.schema_gen.component import Executor as SchemaExecutor

SPEC = override_spec(load_spec("qb_video"), {"splits": {"valid_from": 0.8, "test_from": 0.9}})
Mutate = Callable[[dict[str, Any]], None]


def run_executor(
    executor: type[BaseBeamExecutor],
    directory: Path,
    inputs: dict[str, Artifact],
    outputs: dict[str, Artifact],
    **parameters: Any,
) -> dict[str, Artifact]:
    """Run a component's executor, with its outputs below `directory`."""
    for name, artifact in outputs.items():
        artifact.uri = str(directory / name)
    context = BaseBeamExecutor.Context(
        # The image spares TFX packing itself, for workers that are not there.
        beam_pipeline_args=with_local_runner(["--sdk_container_image=none"]),
        tmp_dir=str(directory / "tmp"),
        unique_id="1",
    )
    executor(context).Do(
        {name: [artifact] for name, artifact in inputs.items()},
        {name: [artifact] for name, artifact in outputs.items()},
        parameters,
    )
    return outputs


def example_gen(
    directory: Path, data: Path, spec: FeatureSpec = SPEC, **parameters: str
) -> Artifact:
    """Run ExampleGen."""
    empty = dict.fromkeys(("history", "valid_from", "test_from", "data_span", "fingerprint"), "")
    given = {**empty, "spec": dump_spec(spec), "data": str(data), **parameters}
    outputs = {"examples": standard_artifacts.Examples()}
    return run_executor(ExampleExecutor, directory, {}, outputs, **given)["examples"]


def schema_gen(directory: Path, examples: Artifact, spec: FeatureSpec = SPEC) -> Artifact:
    """Run SchemaGen."""
    outputs = {name: standard_artifacts.Schema() for name in ("schema", "described_schema")}
    inputs = {"examples": examples}
    return run_executor(SchemaExecutor, directory, inputs, outputs, spec=dump_spec(spec))["schema"]


def statistics_gen(directory: Path, examples: Artifact, schema: Artifact) -> Artifact:
    """Run TFX's StatisticsGen."""
    outputs = {"statistics": standard_artifacts.ExampleStatistics()}
    inputs = {"examples": examples, "schema": schema}
    return run_executor(StatisticsExecutor, directory, inputs, outputs)["statistics"]


def read_split(directory: str | Path, split: str) -> Iterator[dict[str, list[Any]]]:
    """The examples of a split: feature -> values, absent features left out."""
    for path in sorted(Path(directory, f"Split-{split}").glob("*.gz")):
        for record in tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator():
            features = tf.train.Example.FromString(record).features.feature
            yield {
                name: list(getattr(feature, feature.WhichOneof("kind")).value)
                for name, feature in features.items()
                if feature.WhichOneof("kind")
            }


def changed_examples(source: str, target: Path, split: str, mutate: Mutate) -> Path:
    """A copy of an examples directory in which each example of a split was changed."""
    shutil.copytree(source, target)
    for path in sorted((target / f"Split-{split}").glob("*.gz")):
        records = list(tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator())
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for record in records:
                example = tf.train.Example.FromString(record)
                mutate(example.features.feature)
                writer.write(example.SerializeToString())
    return target


def manifest_of(directory: str | Path) -> dict[str, Any]:
    """The content of manifest.json."""
    content: dict[str, Any] = json.loads(Path(directory, "manifest.json").read_text("utf-8"))
    return content
