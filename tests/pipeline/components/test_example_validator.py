"""What stops a pipeline, and in which words."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow_data_validation as tfdv
from component_runs import (
    SPEC,
    changed_examples,
    example_gen,
    run_executor,
    schema_gen,
    statistics_gen,
)
from tfx.types import Artifact, standard_artifacts

from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec, dump_spec, override_spec
from tfx_pipeline.components.example_validator.executor import Executor


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


VIOLATIONS: dict[str, list[tuple[Callable[[Any], None], str]]] = {
    "train": [
        (text, r"gender in the train part: .*STRING"),
        (twice, r"age in the train part: "),
        (extra, r"zodiac in the train part: .*the spec has no such column"),
    ],
    "valid": [(gone, r"user_id in the valid part: ")],
    "test": [(two, r"label__click in the test part: .*a label is 0, 1 or missing")],
}


def test_schema_violations(tmp_path: Path, examples: Artifact) -> None:
    """All at once, since statistics take a while: each is named."""
    changed = Path(examples.uri)
    for split, violations in VIOLATIONS.items():

        def mutate(features: Any, mutations: list[Any] = violations) -> None:
            for change, _ in mutations:
                change(features)

        changed = changed_examples(str(changed), tmp_path / f"changed_{split}", split, mutate)
    taken_over = example_gen(tmp_path / "gen", changed)
    schema = schema_gen(tmp_path / "schema", taken_over)
    statistics = statistics_gen(tmp_path / "statistics", taken_over, schema)
    with pytest.raises(DataError) as error:
        validate(tmp_path / "validator", taken_over, statistics, schema)
    for violations in VIOLATIONS.values():
        for _, said in violations:
            assert re.search(said, str(error.value)), said
    named = set(re.findall(r"(\w+) in the \w+ part: ", str(error.value)))
    assert named == {"gender", "age", "zodiac", "user_id", "label__click"}


def older(features: Any) -> None:
    """Every user of one age, of which there was none: by value, and far from what was."""
    features["age"].int64_list.value[:] = [99]


def renamed(features: Any) -> None:
    """Items that training never saw."""
    features["item_id"].int64_list.value[0] += 10**9


def test_drift_skew_and_a_vocabulary_out_of_date(
    tmp_path: Path, examples: Artifact, statistics: Artifact
) -> None:
    def mutate(features: Any) -> None:
        older(features)
        renamed(features)

    changed = changed_examples(examples.uri, tmp_path / "changed", "test", mutate)
    spec = override_spec(
        SPEC,
        {
            "validation": {
                "skew": {"age": 0.3, "gender": 0.3},
                "unseen": {"item_id": 0.5, "video_category": 0.5},
            }
        },
    )
    taken_over = example_gen(tmp_path / "gen", changed, spec)
    schema = schema_gen(tmp_path / "schema", taken_over, spec)
    changed_statistics = statistics_gen(tmp_path / "statistics", taken_over, schema)
    with pytest.raises(DataError) as error:
        validate(tmp_path / "validator", taken_over, changed_statistics, schema, spec)
    said = str(error.value)
    assert said.count(" part: ") == 2
    assert "age in the train part: " in said
    assert "validation.skew.age" in said
    assert "item_id in the test part: 100.0% of its values are out of" in said
    report = tmp_path / "validator" / "anomalies" / "unseen_values.json"  # where workers reach, too
    assert "item_id" in report.read_text()

    # The same statistics as the last run's, in which the training part was of that age.
    baseline = tmp_path / "baseline"
    shutil.copytree(changed_statistics.uri, baseline)
    shutil.copytree(baseline / "Split-test", baseline / "Split-train", dirs_exist_ok=True)
    drifting = override_spec(SPEC, {"validation": {"drift": {"age": 0.3, "gender": 0.3}}})
    schema = schema_gen(tmp_path / "drift_schema", examples, drifting)
    with pytest.raises(DataError) as error:
        validate(tmp_path / "drift", examples, statistics, schema, drifting, str(baseline))
    said = str(error.value)
    assert said.count(" part: ") == 1
    assert "age in the train part: " in said
    assert "validation.drift.age" in said
    validate(tmp_path / "no_drift", examples, statistics, schema, drifting, statistics.uri)

    # The last run did not know the column: there is nothing to compare it with, as in a first run.
    path = baseline / "Split-train" / "FeatureStats.pb"
    before = tfdv.load_stats_binary(str(path))
    (dataset,) = before.datasets
    (age,) = (feature for feature in dataset.features if feature.path.step == ["age"])
    dataset.features.remove(age)
    path.write_bytes(before.SerializeToString())
    validate(tmp_path / "new_column", examples, statistics, schema, drifting, str(baseline))


def test_no_statistics_where_told(
    tmp_path: Path, examples: Artifact, statistics: Artifact, schema: Artifact
) -> None:
    with pytest.raises(DataError, match="there are no statistics"):
        validate(tmp_path, examples, statistics, schema, baseline=str(tmp_path / "nowhere"))
