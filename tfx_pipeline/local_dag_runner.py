"""TFX's local runner, saying what each step does and why it failed."""

import time
from collections.abc import Callable
from datetime import datetime

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import constants
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import pipeline_pb2
from tfx.types import Artifact

from infnet_keras.errors import InfnetError

Outputs = dict[str, list[Artifact]]


class StepFailed(InfnetError):
    """A step of the pipeline failed: `step` is its name, the message what was wrong."""

    def __init__(self, step: str, message: str):
        super().__init__(f"{step} failed: {message}")
        self.step = step


class ReportingDagRunner(LocalDagRunner):
    """Runs a pipeline's steps one after the other on this machine.

    Args:
        started: called with the name of each step before it runs.
        finished: called with its name, whether its results were taken from the cache, and seconds.

    Attributes:
        outputs: after the run, the artifacts that each step gave, made or taken from the cache.
    """

    def __init__(
        self, started: Callable[[str], None], finished: Callable[[str, bool, float], None]
    ):
        super().__init__()
        self._started, self._finished = started, finished
        self.outputs: dict[str, Outputs] = {}

    def run_with_ir(
        self,
        pipeline: pipeline_pb2.Pipeline,
        run_options: pipeline_pb2.RunOptions | None = None,
    ) -> None:
        """Run every step.

        Raises:
            StepFailed: a step failed.
        """
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: datetime.now().isoformat()}
        )
        deployment = runner_utils.extract_local_deployment_config(pipeline)
        which = deployment.metadata_connection_config.WhichOneof("connection_config")
        connection = getattr(deployment.metadata_connection_config, which)
        for node in pipeline.nodes:
            step = node.pipeline_node.node_info.id
            is_component = step in deployment.executor_specs
            if is_component:
                self._started(step)
            start = time.monotonic()
            try:
                execution = launcher.Launcher(
                    pipeline_node=node.pipeline_node,
                    mlmd_connection=metadata.Metadata(connection),
                    pipeline_info=pipeline.pipeline_info,
                    pipeline_runtime_spec=pipeline.runtime_spec,
                    executor_spec=runner_utils.extract_executor_spec(deployment, step),
                    custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, step),
                ).launch()
            except Exception as error:
                raise StepFailed(step, _reason(error)) from error
            if is_component:
                with metadata.Metadata(connection) as handle:
                    (found,) = handle.store.get_executions_by_id([execution.execution_id])
                    self.outputs[step] = execution_lib.get_output_artifacts(handle, found.id)
                cached = found.last_known_state == metadata_store_pb2.Execution.CACHED
                self._finished(step, cached, time.monotonic() - start)


def _reason(error: BaseException) -> str:
    """The sentence of whatever error of ours is at the bottom, else what there is."""
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, InfnetError):
            return str(chain)
        chain = chain.__cause__ or chain.__context__
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0] if text else 'no message'}"
