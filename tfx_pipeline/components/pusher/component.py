"""The component and its executor."""

from typing import Any, ClassVar

from google.protobuf import json_format
from tfx.components.pusher.executor import Executor as TFXExecutor
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.proto import pusher_pb2
from tfx.types import Artifact, BaseChannel, Channel, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_component_specs import PUSH_DESTINATION_KEY


class Executor(TFXExecutor):
    """Executor of `Pusher`: TFX's own, told the directory as its protocol buffer."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Copy a blessed model to SERVING_DIRECTORY/<seconds since 1970>."""
        destination = pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(
                base_directory=exec_properties["serving_directory"]
            )
        )
        given = {PUSH_DESTINATION_KEY: json_format.MessageToJson(destination)}
        super().Do(input_dict, output_dict, given)


class PusherSpec(ComponentSpec):
    """What the component takes and gives."""

    PARAMETERS: ClassVar[dict[str, Any]] = {"serving_directory": ExecutionParameter(type=str)}
    INPUTS: ClassVar[dict[str, Any]] = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "model_blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
        "infra_blessing": ChannelParameter(type=standard_artifacts.InfraBlessing),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "pushed_model": ChannelParameter(type=standard_artifacts.PushedModel)
    }


class Pusher(BaseComponent):
    """Puts a blessed model where a server looks for new versions; TFX's, with a plain parameter.

    Args:
        model: the trained model.
        model_blessing: the Evaluator's verdict; a model that is not blessed stays where it is.
        infra_blessing: InfraValidator's; the same.
        serving_directory: the model's directory, which holds one directory a version.
    """

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: BaseChannel,
        model_blessing: BaseChannel,
        infra_blessing: BaseChannel,
        serving_directory: str | RuntimeParameter,
    ):
        super().__init__(
            spec=PusherSpec(
                model=model,
                model_blessing=model_blessing,
                infra_blessing=infra_blessing,
                serving_directory=serving_directory,
                pushed_model=Channel(type=standard_artifacts.PushedModel),
            )
        )
