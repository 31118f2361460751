"""The component's inputs, outputs and parameters."""

from typing import Any, ClassVar

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import BaseChannel, Channel, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfx_pipeline.components.example_validator.executor import Executor


class ExampleValidatorSpec(ComponentSpec):
    """What the component takes and gives."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "spec": ExecutionParameter(type=str),
        "baseline_statistics_uri": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "schema": ChannelParameter(type=standard_artifacts.Schema),
        "baseline_statistics": ChannelParameter(
            type=standard_artifacts.ExampleStatistics, optional=True
        ),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies)
    }


class ExampleValidator(BaseBeamComponent):
    """Fails, unlike TFX's own, where examples are not what the spec expects.

    Held to the schema: every split. Held to `validation.drift`: the training part, against that of
    the last run. Held to `validation.skew`: the test part, the newest and so most like what will be
    served, against the training part. Held to `validation.unseen`: how many of the test part's
    values the training part holds too rarely for the vocabulary, which is then out of date.

    That last check reads examples, since statistics keep the most frequent values alone; and it is
    here and not in Transform, where vocabularies are fitted, so that every complaint about data
    comes from one step, before any costly one.

    Args:
        examples: raw examples, as ExampleGen writes them.
        statistics: of every split.
        schema: from this pipeline's SchemaGen.
        spec: the feature spec as YAML.
        baseline_statistics: of the last run, where the runner can find them.
        baseline_statistics_uri: where they lie, where the runner cannot; empty: none. Given both,
            this one counts.
    """

    SPEC_CLASS = ExampleValidatorSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        statistics: BaseChannel,
        schema: BaseChannel,
        spec: str,
        baseline_statistics: BaseChannel | None = None,
        baseline_statistics_uri: str | RuntimeParameter = "",
    ):
        super().__init__(
            spec=ExampleValidatorSpec(
                examples=examples,
                statistics=statistics,
                schema=schema,
                spec=spec,
                baseline_statistics=baseline_statistics,
                baseline_statistics_uri=baseline_statistics_uri,
                anomalies=Channel(type=standard_artifacts.ExampleAnomalies),
            )
        )
