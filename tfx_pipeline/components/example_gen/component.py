"""The component's output and parameters."""

from typing import Any, ClassVar, TypeAlias

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import Channel, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfx_pipeline.components.example_gen.executor import Executor

Text: TypeAlias = str | RuntimeParameter


class ExampleGenSpec(ComponentSpec):
    """What the component takes and gives."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "spec": ExecutionParameter(type=str),
        "data": ExecutionParameter(type=str),
        "history": ExecutionParameter(type=str),
        "valid_from": ExecutionParameter(type=str),
        "test_from": ExecutionParameter(type=str),
        "data_span": ExecutionParameter(type=str),
        "fingerprint": ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {}
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "examples": ChannelParameter(type=standard_artifacts.Examples)
    }


class ExampleGen(BaseBeamComponent):
    """Turns raw logs into examples, or takes over an examples directory written beforehand.

    Every parameter is a text, so that each may be one of the pipeline's run; empty means absent.

    Args:
        spec: the feature spec as YAML.
        data: directory of the raw files, or an examples directory (which has a manifest.json).
            `{SPAN}` in it stands for `data_span`.
        history: file of events from before the log: they only seed histories.
        valid_from: first day (or fraction) of validation; empty: the spec's `splits`.
        test_from: the same for the test.
        data_span: which delivery of data, such as a day.
        fingerprint: changes when the files do, so that results of other files are not reused.
    """

    SPEC_CLASS = ExampleGenSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(
        self,
        spec: str,
        data: Text,
        history: Text = "",
        valid_from: Text = "",
        test_from: Text = "",
        data_span: Text = "",
        fingerprint: Text = "",
    ):
        super().__init__(
            spec=ExampleGenSpec(
                spec=spec,
                data=data,
                history=history,
                valid_from=valid_from,
                test_from=test_from,
                data_span=data_span,
                fingerprint=fingerprint,
                examples=Channel(type=standard_artifacts.Examples),
            )
        )
