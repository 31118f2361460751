"""Validates statistics and examples, writes what was found, and fails if that is anything."""

import os
from typing import Any, TypeAlias

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.types import Artifact, artifact_utils
from tfx.utils import io_utils, writer_utils

from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec, parse_spec
from tfx_pipeline.components.example_validator.sentences import anomaly_sentences
from tfx_pipeline.components.example_validator.unseen_values import unseen_shares

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList
SPLITS = ("train", "valid", "test")
_STATISTICS = "FeatureStats.pb"
_ANOMALIES = "SchemaDiff.pb"


class Executor(BaseBeamExecutor):
    """Executor of `ExampleValidator`."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Validate, write the anomalies, fail if there are any.

        Raises:
            DataError: a sentence for each anomaly: feature, split, what was found, what to do.
        """
        spec = parse_spec(exec_properties["spec"])
        schema_directory = artifact_utils.get_single_uri(input_dict["schema"])
        schema = tfdv.load_schema_text(os.path.join(schema_directory, "schema.pbtxt"))
        statistics_uri = artifact_utils.get_single_uri(input_dict["statistics"])
        statistics = {split: _read(statistics_uri, split) for split in SPLITS}
        baseline = _baseline(input_dict, exec_properties.get("baseline_statistics_uri", ""))
        anomalies_artifact = artifact_utils.get_single_instance(output_dict["anomalies"])
        anomalies_artifact.split_names = artifact_utils.encode_split_names(list(SPLITS))
        sentences = []
        for split in SPLITS:
            anomalies = _validate(split, statistics, schema, baseline)
            path = os.path.join(anomalies_artifact.uri, f"Split-{split}", _ANOMALIES)
            writer_utils.write_anomalies(path, anomalies)
            sentences += anomaly_sentences(split, anomalies)
        examples = artifact_utils.get_single_uri(input_dict["examples"])
        sentences += self._unseen(spec, examples, anomalies_artifact.uri)
        report = "".join(f"{sentence}\n" for sentence in sentences)
        io_utils.write_string_file(os.path.join(anomalies_artifact.uri, "report.txt"), report)
        if sentences:
            raise DataError("the examples are not what the spec expects: " + "; ".join(sentences))

    def _unseen(self, spec: FeatureSpec, examples: str, directory: str) -> list[str]:
        allowed = spec.validation.unseen
        if not allowed:
            return []
        with self._make_beam_pipeline() as pipeline:
            shares = unseen_shares(pipeline, spec, examples, directory)
        return [
            f"{column} in the test part: {share:.1%} of its values are out of the training part's "
            f"vocabulary, at most {allowed[column]:.1%} may be: the training part is out of date, "
            f"take a newer one, or raise validation.unseen.{column}"
            for column, share in shares().items()
            if share > allowed[column]
        ]


def _validate(
    split: str,
    statistics: dict[str, Statistics],
    schema: schema_pb2.Schema,
    baseline: Statistics | None,
) -> anomalies_pb2.Anomalies:
    if split != "train":
        return tfdv.validate_statistics(statistics[split], schema)
    return tfdv.validate_statistics(
        statistics["train"],
        schema,
        previous_statistics=baseline,
        serving_statistics=statistics["test"],
    )


def _baseline(input_dict: dict[str, list[Artifact]], uri: str) -> Statistics | None:
    if uri:
        return _read(uri, "train")
    found = input_dict.get("baseline_statistics")
    return _read(artifact_utils.get_single_uri(found), "train") if found else None


def _read(uri: str, split: str) -> Statistics:
    path = os.path.join(uri, f"Split-{split}", _STATISTICS)
    if not fileio.exists(path):
        raise DataError(
            f"there are no statistics {path}: give the directory of an earlier run's "
            "ExampleStatistics artifact"
        )
    statistics: Statistics = tfdv.load_stats_binary(path)
    return statistics
