"""A broken input stops the run at the right step, which names what is wrong.

Which other inputs those two steps refuse, tests/pipeline/components says; how a killed run goes on,
test_run_local.py.
"""

from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
import tensorflow as tf
from small_pipeline import SPEC, small_log

from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec, override_spec
from tfx_pipeline.beam.examples import write_examples
from tfx_pipeline.beam.local_runner import LocalRunner
from tfx_pipeline.local_dag_runner import ReportingDagRunner, StepFailed
from tfx_pipeline.pipeline import RunParameters, create_pipeline


def run(spec: FeatureSpec, data: Path, root: Path) -> tuple[list[str], StepFailed]:
    """The steps that finished, and what stopped the run."""
    pipeline = create_pipeline(
        spec,
        name=spec.name,
        root=str(root / "artifacts"),
        serving_directory=str(root / "serving_model"),
        run=RunParameters(data=str(data), valid_from="0.8", test_from="0.9"),
        baselines="metadata",
        metadata_path=str(root / "metadata.sqlite"),
        enable_cache=True,
    )
    lines: list[str] = []
    runner = ReportingDagRunner(Progress(), lines.append)
    with pytest.raises(StepFailed) as error:
        runner.run(pipeline)
    return [line.split()[0] for line in lines], error.value


def test_an_unseen_label_stops_example_gen(tmp_path: Path) -> None:
    (file,) = small_log(tmp_path / "raw").glob("*.csv")
    lines = file.read_text().splitlines()
    position = lines[0].split(",").index('"like"')
    fields = lines[1000].split(",")
    fields[position] = "3"
    lines[1000] = ",".join(fields)
    file.write_text("\n".join(lines))
    finished, failed = run(SPEC, tmp_path / "raw", tmp_path / "run")
    assert finished == []
    assert failed.step == "ExampleGen"
    assert "like" in str(failed)
    assert "3" in str(failed)


def test_skew_and_a_stale_vocabulary_stop_example_validator(tmp_path: Path) -> None:
    """And so do they the next time: what was refused is no baseline, and nothing is cached."""
    data, changed, root = small_log(tmp_path / "raw"), tmp_path / "changed", tmp_path / "run"
    with beam.Pipeline(runner=LocalRunner()) as pipeline:
        write_examples(pipeline, SPEC, str(data), str(changed))
    for path in (changed / "Split-test").glob("*.gz"):
        records = list(tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator())
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for record in records:
                writer.write(_changed(tf.train.Example.FromString(record)))
    strict = {"skew": {"age": 0.3}, "unseen": {"item_id": 0.5}}
    spec = override_spec(SPEC, {"validation": strict})
    finished, failed = run(spec, changed, root)
    assert finished == ["ExampleGen", "SchemaGen", "StatisticsGen"]
    assert failed.step == "ExampleValidator"
    assert "age in the train part" in str(failed)
    assert "item_id in the test part" in str(failed)
    _, failed = run(spec, changed, root)
    assert failed.step == "ExampleValidator"


def _changed(example: Any) -> bytes:
    example.features.feature["age"].int64_list.value[:] = [99]
    example.features.feature["item_id"].int64_list.value[0] += 10**9
    serialized: bytes = example.SerializeToString()
    return serialized
