"""The component's inputs, outputs and parameters."""

from typing import Any, ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import BaseChannel, Channel, standard_artifacts
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from tfx_pipeline.components.infra_validator.executor import Executor


class InfraValidatorSpec(ComponentSpec):
    """What the component takes and gives."""

    PARAMETERS: ClassVar[dict[str, Any]] = {
        "code": ExecutionParameter(type=str, optional=True),
    }
    INPUTS: ClassVar[dict[str, Any]] = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "model_run": ChannelParameter(type=standard_artifacts.ModelRun),
    }
    OUTPUTS: ClassVar[dict[str, Any]] = {
        "blessing": ChannelParameter(type=standard_artifacts.InfraBlessing),
    }


class InfraValidator(BaseComponent):
    """Blesses a model that a server serves: it loads it and answers as the trained model does.

    TFX's own starts TensorFlow Serving in Docker or Kubernetes; this one starts the server of this
    project in a process, wherever the step runs. Its blessing is TFX's, as Pusher reads it.

    Args:
        model: the trained model, as it would be pushed.
        model_run: the run that it was exported from.
        code: changes when the code does, so that the cache does not take what other code found.
    """

    SPEC_CLASS = InfraValidatorSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, model: BaseChannel, model_run: BaseChannel, code: str | None = None):
        super().__init__(
            spec=InfraValidatorSpec(
                model=model,
                model_run=model_run,
                code=code,
                blessing=Channel(type=standard_artifacts.InfraBlessing),
            )
        )
