"""Runs TFMA over the test part and writes down whether the model passed."""

import logging
import os
from typing import Any

import tensorflow_model_analysis as tfma
from tfx.components.evaluator import constants
from tfx.components.evaluator.executor import Executor as TFXExecutor
from tfx.components.util import tfxio_utils
from tfx.dsl.io import fileio
from tfx.types import Artifact, artifact_utils, standard_artifacts
from tfx.utils import io_utils, path_utils

from infnet_keras.errors import DataError
from infnet_keras.spec import parse_spec
from tfx_pipeline.evaluation.eval_config import eval_config
from tfx_pipeline.evaluation.gates import failed_gates
from tfx_pipeline.evaluation.predictions import check_tasks, predictions_by_task, signature_of

TEST_SPLIT = "test"


# A subclass of TFX's, because Kubeflow's entry point mends the blessing's ids for those alone.
class Executor(TFXExecutor):
    """Executor of `Evaluator`."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Measure, compare with the baseline model, bless or do not bless.

        Raises:
            DataError: there is no baseline model where the parameter says, or it has other tasks.
        """
        spec = parse_spec(exec_properties["spec"])
        model = artifact_utils.get_single_instance(input_dict["model"])
        baseline = None
        if spec.evaluation.change.given:
            baseline = _baseline(input_dict, exec_properties.get("baseline_model_uri", ""))
        if baseline is not None:
            check_tasks(_saved_model(baseline), spec.tasks)
        evaluation = artifact_utils.get_single_uri(output_dict["evaluation"])
        config = tfma.utils.update_eval_config_with_defaults(
            eval_config(spec),
            has_baseline=baseline is not None,
            rubber_stamp=True,  # a first model has nothing to be compared with
        )
        models = []
        for measured in config.model_specs:
            path = _saved_model(baseline if measured.is_baseline else model)
            measured.signature_name = signature_of(path)
            models.append(
                tfma.default_eval_shared_model(
                    eval_saved_model_path=path, model_name=measured.name, eval_config=config
                )
            )
        files = io_utils.all_files_pattern(
            artifact_utils.get_split_uri(input_dict["examples"], TEST_SPLIT)
        )
        examples = tfxio_utils.get_tfxio_factory_from_artifact(
            examples=input_dict["examples"],
            telemetry_descriptors=["Evaluator"],
            raw_record_column_name=tfma.ARROW_INPUT_COLUMN,
        )(files)
        extractors = tfma.default_extractors(
            eval_shared_model=models,
            eval_config=config,
            custom_predict_extractor=predictions_by_task(models, config),
        )
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Read" >> examples.BeamSource()
                | "Evaluate"
                >> tfma.ExtractEvaluateAndWriteResults(
                    eval_shared_model=models if len(models) > 1 else models[0],
                    eval_config=config,
                    extractors=extractors,
                    output_path=evaluation,
                )
            )
        failures = failed_gates(evaluation)
        for failure in failures:
            logging.warning("not blessed: %s", failure)
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        _write_blessing(blessing, model, baseline, blessed=not failures)


def _baseline(input_dict: dict[str, list[Artifact]], uri: str) -> Artifact | None:
    if uri:
        artifact = standard_artifacts.Model()
        artifact.uri = uri
        return artifact
    found = input_dict.get("baseline_model")
    return artifact_utils.get_single_instance(found) if found else None


def _saved_model(model: Artifact) -> str:
    """A model artifact's SavedModel; of a pushed model the version itself, else the latest."""
    root: str = model.uri
    candidates: list[str] = [path_utils.serving_model_path(root), root]
    if fileio.isdir(root):
        versions = [n.rstrip("/") for n in fileio.listdir(root) if n.rstrip("/").isdecimal()]
        candidates += [os.path.join(root, n) for n in sorted(versions, key=int, reverse=True)]
    for path in candidates:
        if fileio.exists(os.path.join(path, "saved_model.pb")):
            return path
    raise DataError(
        f"there is no model in {root}: give the directory of a pushed model, one of its versions, "
        "or a Model artifact of an earlier run"
    )


def _write_blessing(
    blessing: Artifact, model: Artifact, baseline: Artifact | None, blessed: bool
) -> None:
    """As TFX's own Evaluator does: Pusher reads the property, people the file."""
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri
    )
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    if baseline is not None:
        blessing.set_string_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri
        )
    blessing.set_int_custom_property(
        constants.ARTIFACT_PROPERTY_BLESSED_KEY,
        constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE,
    )
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    io_utils.write_string_file(os.path.join(blessing.uri, name), "")
