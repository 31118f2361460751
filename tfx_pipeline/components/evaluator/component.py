"""The component's inputs, outputs and parameters."""

from typing import Any, ClassVar

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import BaseChannel, Channel, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfx_pipeline.components.evaluator.executor import Executor


class EvaluatorSpec(ComponentSpec):
    """What the component takes and gives."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "spec": ExecutionParameter(type=str),
        "baseline_model_uri": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str, optional=True),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "baseline_model": ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
    }


class Evaluator(BaseBeamComponent):
    """Measures a model on the test part and blesses it if it passes its gates.

    The configuration is generated where it runs, so that the pipeline's definition stays short.

    Args:
        examples: raw examples, as ExampleGen writes them.
        model: the trained model.
        spec: the feature spec as YAML; its `evaluation` says slices, gates and change.
        baseline_model: the last blessed model, where the runner can find it.
        baseline_model_uri: where it lies, where the runner cannot; empty: none. Given both, this
            one counts.
        code: changes when the code does, so that the cache does not take what other code found.
    """

    SPEC_CLASS = EvaluatorSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        model: BaseChannel,
        spec: str,
        baseline_model: BaseChannel | None = None,
        baseline_model_uri: str | RuntimeParameter = "",
        code: str | None = None,
    ):
        super().__init__(
            spec=EvaluatorSpec(
                examples=examples,
                model=model,
                spec=spec,
                baseline_model=baseline_model,
                baseline_model_uri=baseline_model_uri,
                code=code,
                evaluation=Channel(type=standard_artifacts.ModelEvaluation),
                blessing=Channel(type=standard_artifacts.ModelBlessing),
            )
        )
