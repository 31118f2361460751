"""What the models of an evaluation answer, by task."""

from collections.abc import Iterable, Mapping, Sequence

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow_model_analysis.extractors.extractor import Extractor
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils import model_util
from tfx.dsl.io import fileio

from infnet_keras.errors import DataError
from infnet_keras.served_names import LOGGED

SIGNATURE = "serving_default"


def signature_of(saved_model: str) -> str:
    """The signature that answers the rows of a log with what the log holds.

    Args:
        saved_model: directory of a SavedModel.

    Returns:
        `logged` where the model has it, as its spec has a field that serving fixes.
    """
    return LOGGED if LOGGED in _signatures(saved_model) else SIGNATURE


def predictions_by_task(
    models: Sequence[tfma.types.EvalSharedModel], config: config_pb2.EvalConfig
) -> Extractor:
    """The extractor of predictions, for `tfma.default_extractors`.

    TFMA's own takes the only output of a model out of its dict, and then does not find the task of
    a spec with one.

    Args:
        models: as TFMA loads them, one for each model of the configuration.
        config: its `model_specs` name the models and their signature.
    """
    specs = list(config.model_specs)
    signatures = {
        model.model_name: [spec.signature_name] for model, spec in zip(models, specs, strict=True)
    }
    if len(models) == 1:  # TFMA drops the name of a single model
        signatures = {"": [specs[0].signature_name]}
    by_name = {m.model_name: m for m in model_util.verify_and_update_eval_shared_models(models)}
    call = model_util.ModelSignaturesDoFn(
        model_specs=specs,
        eval_shared_models=by_name,
        output_keypath=(tfma.PREDICTIONS_KEY,),
        signature_names=signatures,
        prefer_dict_outputs=True,
    )
    return Extractor(stage_name="ExtractPredictionsByTask", ptransform=beam.ParDo(call))


def check_tasks(saved_model: str, tasks: Iterable[str]) -> None:
    """Refuse a baseline model that does not answer for every task.

    Args:
        saved_model: directory of a SavedModel.
        tasks: names of the tasks to compare.

    Raises:
        DataError: the signature has no output for a task.
    """
    outputs = getattr(_signatures(saved_model).get(SIGNATURE), "outputs", {})
    missing = [task for task in tasks if task not in outputs]
    if missing:
        raise DataError(
            f"the last blessed model, in {saved_model}, does not answer for the task {missing[0]}, "
            "which `evaluation.change` compares: leave `change` out of one run, and the next is "
            "compared with its model"
        )


def _signatures(saved_model: str) -> Mapping[str, object]:
    with fileio.open(f"{saved_model}/saved_model.pb", "rb") as file:
        found = SavedModel.FromString(file.read())
    signatures: Mapping[str, object] = found.meta_graphs[0].signature_def
    return signatures
