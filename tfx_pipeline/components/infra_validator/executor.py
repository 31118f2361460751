"""Starts a server on a model, replays its warm-up requests and compares the answers."""

import logging
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import Artifact, artifact_utils
from tfx.utils import io_utils, path_utils

from infnet_keras.export.warmup import WARMUP, read_warmup
from serving.client import ServingError
from tfx_pipeline.components.infra_validator.candidate_server import NotServed, candidate_server
from tfx_pipeline.components.infra_validator.trained_model import TrainedModel, difference
from tfx_pipeline.trainer.local_copy import local_copy
from tfx_pipeline.trainer.run_fn import RUN

BLESSED, NOT_BLESSED = "INFRA_BLESSED", "INFRA_NOT_BLESSED"  # as TFX calls the files


class Executor(BaseExecutor):
    """Executor of `InfraValidator`."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Serve the model, compare, bless or do not bless.

        Raises:
            ModelError: the run holds no model.
            ExportError: the machine did not let the server work.
        """
        model = artifact_utils.get_single_instance(input_dict["model"])
        run = artifact_utils.get_single_instance(input_dict["model_run"])
        with TemporaryDirectory() as scratch:
            version = local_copy(path_utils.serving_model_path(model.uri), Path(scratch, "version"))
            trained = TrainedModel(local_copy(f"{run.uri}/{RUN}", Path(scratch, "run")))
            problem = why_not(version, trained)
        if problem is not None:
            logging.warning("not blessed: %s", problem)
        blessing = artifact_utils.get_single_instance(output_dict["blessing"])
        blessing.set_int_custom_property("blessed", int(problem is None))
        blessing.set_int_custom_property("current_model_id", model.id)
        name = BLESSED if problem is None else NOT_BLESSED
        io_utils.write_string_file(os.path.join(blessing.uri, name), problem or "")


def why_not(version: Path, trained: TrainedModel) -> str | None:
    """What is wrong with a version where it is served; None where nothing is.

    The answers are held to the run's own model, not to the SavedModel loaded once more: whatever
    became wrong in the SavedModel, in its graph or while it was copied, would be wrong there too.

    Args:
        version: the directory of a SavedModel, with its warm-up requests or without.
        trained: the model that it was exported from.

    Raises:
        ExportError: the machine did not let the server work.
    """
    try:
        with candidate_server(version) as client:
            # A server that has replayed them itself has read them: they can be read.
            recorded = (version / WARMUP).exists()
            requests = read_warmup(version) if recorded else trained.requests()
            for number, (signature, request) in enumerate(requests, start=1):
                what = f"request {number} of {len(requests)}, to the signature {signature}"
                try:
                    found = client.predict(request, signature)
                except ServingError as error:
                    return f"the server does not answer {what}: {error.message}"
                scales = {} if signature == "attention" else trained.scales
                said = difference(found, trained.answer(signature, request), scales)
                if said is not None:
                    return f"the server answers {what}, otherwise than the trained model: {said}"
    except NotServed as error:
        return str(error)
    return None


def reason(blessing: Artifact) -> str:
    """Why a model was not blessed, as its blessing says."""
    text: str = io_utils.read_string_file(os.path.join(blessing.uri, NOT_BLESSED))
    return text
