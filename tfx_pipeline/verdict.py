"""What a run came to: blessed or not, why not, and where the model lies."""

from pathlib import Path

from tfx.components.util.model_utils import is_infra_validated, is_model_blessed
from tfx.types import Artifact, artifact_utils
from tfx.utils import path_utils

from infnet_keras.errors import DataError
from tfx_pipeline.components.infra_validator.executor import reason
from tfx_pipeline.evaluation.gates import failed_gates


def verdict(outputs: dict[str, dict[str, list[Artifact]]]) -> tuple[bool, str]:
    """Whether the model was blessed, and a line that says so.

    Args:
        outputs: the artifacts of each step of a local run.

    Raises:
        DataError: the model was pushed by an earlier run, and somebody deleted it since.
    """
    measured = artifact_utils.get_single_instance(outputs["Evaluator"]["blessing"])
    served = artifact_utils.get_single_instance(outputs["InfraValidator"]["blessing"])
    if is_model_blessed(measured) and is_infra_validated(served):
        pushed = artifact_utils.get_single_instance(outputs["Pusher"]["pushed_model"])
        version = pushed.get_string_custom_property("pushed_destination")
        if not Path(version, "saved_model.pb").exists():
            raise DataError(
                f"the model was pushed to {version}, which somebody deleted since: copy it back "
                f"from {pushed.uri}"
            )
        return True, f"blessed: {version}"
    model = artifact_utils.get_single_uri(outputs["Trainer"]["model"])
    reasons = []
    if not is_model_blessed(measured):
        evaluation = artifact_utils.get_single_uri(outputs["Evaluator"]["evaluation"])
        reasons += failed_gates(evaluation)
    if not is_infra_validated(served):
        reasons.append(reason(served))
    return (
        False,
        f"not blessed: {'; '.join(reasons)}; the model lies in "
        f"{path_utils.serving_model_path(model)}",
    )
