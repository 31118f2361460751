"""The Trainer component: TFX's executor with parameters that a run may choose."""

import json
from typing import Any, ClassVar

from google.protobuf import json_format
from tfx.components.trainer.executor import GenericExecutor
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.proto import trainer_pb2
from tfx.types import Artifact, BaseChannel, Channel, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_component_specs import (
    CUSTOM_CONFIG_KEY,
    EVAL_ARGS_KEY,
    RUN_FN_KEY,
    TRAIN_ARGS_KEY,
)

RUN_FN = "tfx_pipeline.trainer.run_fn.run_fn"


class Executor(GenericExecutor):
    """Executor of `Trainer`: hands its parameters to `run_fn` as TFX's own would."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Train, check and export."""
        super().Do(input_dict, output_dict, run_fn_properties(exec_properties))


def run_fn_properties(exec_properties: dict[str, Any]) -> dict[str, Any]:
    """The properties of TFX's Trainer that say the same.

    Args:
        exec_properties: `spec` and, where given, `epochs`, `learning_rate` and `warm_start`.
    """
    config = {
        "spec": exec_properties["spec"],
        "epochs": exec_properties.get("epochs"),
        "learning_rate": exec_properties.get("learning_rate"),
        "warm_start": exec_properties.get("warm_start"),
    }
    return {
        RUN_FN_KEY: RUN_FN,
        CUSTOM_CONFIG_KEY: json.dumps(config),
        TRAIN_ARGS_KEY: json_format.MessageToJson(trainer_pb2.TrainArgs(splits=["train"])),
        EVAL_ARGS_KEY: json_format.MessageToJson(trainer_pb2.EvalArgs(splits=["valid"])),
    }


class TrainerSpec(ComponentSpec):
    """What the component takes and gives."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "spec": ExecutionParameter(type=str),
        "epochs": ExecutionParameter(type=int, optional=True),
        "learning_rate": ExecutionParameter(type=float, optional=True),
        "warm_start": ExecutionParameter(type=str, optional=True),
        "code": ExecutionParameter(type=str, optional=True),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
        "schema": ChannelParameter(type=standard_artifacts.Schema),
        "hyperparameters": ChannelParameter(type=standard_artifacts.HyperParameters, optional=True),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "model_run": ChannelParameter(type=standard_artifacts.ModelRun),
    }


class Trainer(BaseComponent):
    """Trains the spec's model on transformed examples and exports it with Transform's graph.

    Outputs `model`, a SavedModel with the main job's signatures, and `model_run`, the run directory
    with TensorBoard's logs.

    Args:
        examples: transformed examples; the splits `train` and `valid` are read.
        transform_graph: the graph that made them.
        schema: of SchemaGen.
        spec: the feature spec as YAML.
        epochs: passes over the training part at most, instead of the spec's.
        learning_rate: instead of the spec's, and of a tuned one.
        warm_start: run directory of an earlier Trainer (`run` in its `model_run`) or of `infnet
            train`, whose model the training begins with; empty: none.
        hyperparameters: what a Tuner found; replaces values of the spec.
        code: changes when the code does, so that the cache does not take what other code made.
    """

    SPEC_CLASS = TrainerSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        transform_graph: BaseChannel,
        schema: BaseChannel,
        spec: str,
        epochs: int | RuntimeParameter | None = None,
        learning_rate: float | RuntimeParameter | None = None,
        warm_start: str | RuntimeParameter | None = None,
        hyperparameters: BaseChannel | None = None,
        code: str | None = None,
    ):
        super().__init__(
            spec=TrainerSpec(
                examples=examples,
                transform_graph=transform_graph,
                schema=schema,
                hyperparameters=hyperparameters,
                spec=spec,
                epochs=epochs,
                learning_rate=learning_rate,
                warm_start=warm_start,
                code=code,
                model=Channel(type=standard_artifacts.Model),
                model_run=Channel(type=standard_artifacts.ModelRun),
            )
        )
