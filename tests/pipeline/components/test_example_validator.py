"""What stops a pipeline, and in which words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tfx.types import Artifact, standard_artifacts

from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec, dump_spec, override_spec
from tfx_pipeline.components.example_validator.executor import Executor
from tests.pipeline.components.conftest import (
    SPEC,
    changed_examples,
    example_gen,
    run_executor,
    schema_gen,
    statistics_gen,
)


def validate(
    directory: Path,
    examples: Artifact,
    statistics: Artifact,
    schema: Artifact,
    spec: FeatureSpec = SPEC,
    baseline: str = "",
) -> Artifact:
    inputs = {"examples": examples, "statistics": statistics, "schema": schema}
    outputs = {"anomalies": standard_artifacts.ExampleAnomalies()}
    return run_executor(
        Executor,
        directory,
        inputs,
        outputs,
        spec=dump_spec(spec),
        baseline_statistics_uri=baseline,
    )["anomalies"]


def test_as_expected(
    tmp_path: Path, examples: Artifact, statistics: Artifact, schema: Artifact
) -> None:
    anomalies = validate(tmp_path, examples, statistics, schema)
    assert Path(anomalies.uri, "report.txt").read_text() == ""
    assert Path(anomalies.uri, "Split-test", "SchemaDiff.pb").exists()


def two(features: Any) -> None:
    features["label__click"].int64_list.value[0] += 2


def text(features: Any) -> None:
    features["gender"].bytes_list.value.append(b"female")


def gone(features: Any) -> None:
    features["user_id"].Clear()


def twice(features: Any) -> None:
    features["age"].int64_list.value.extend([1, 2])


def extra(features: Any) -> None:
    features["zodiac"].int64_list.value.append(1)


@pytest.mark.parametrize(
    ("split", "mutate", "said"),
    [
        ("test", two, r"label__click in the test part: .*a label is 0, 1 or missing"),
        ("train", text, r"gender in the train part: "),
        ("valid", gone, r"user_id in the valid part: "),
        ("train", twice, r"age in the train part: "),
        ("train", extra, r"zodiac in the train part: .*the spec has no such column"),
    ],
)
def test_schema_violation(
    tmp_path: Path,
    examples: Artifact,
    split: str,
    mutate: Callable[[Any], None],
    said: str,
) -> None:
    changed = changed_examples(examples.uri, tmp_path / "changed", split, mutate)
    taken_over = example_gen(tmp_path / "gen", changed)
    schema = schema_gen(tmp_path / "schema", taken_over)
    statistics = statistics_gen(tmp_path / "statistics", taken_over, schema)
    with pytest.raises(DataError, match=said):
        validate(tmp_path / "validator", taken_over, statistics, schema)
