"""TFX's local runner, saying what each step does and why it failed."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
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
from infnet_keras.progress import Progress

Outputs = dict[str, list[Artifact]]


class StepFailed(InfnetError):
    """A step of the pipeline failed: `step` is its name, the message what was wrong."""

    def __init__(self, step: str, message: str):
        super().__init__(f"{step} failed: {message}")
        self.step = step


class ReportingDagRunner(LocalDagRunner):
    """Runs a pipeline's steps one after the other on this machine.

    Args:
        progress: says which step runs, and for how long.
        ended: called with a line about each step that has ended: its place, and how long it took or
            that its results were taken from the cache.

    Attributes:
        outputs: after the run, the artifacts that each step gave, made or taken from the cache.
    """

    def __init__(self, progress: Progress, ended: Callable[[str], None]):
        super().__init__()
        self._progress, self._ended = progress, ended
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
        steps = [node.pipeline_node.node_info.id for node in pipeline.nodes]
        components = [step for step in steps if step in deployment.executor_specs]
        for node, step in zip(pipeline.nodes, steps, strict=True):
            shown: AbstractContextManager[object] = nullcontext()
            if step in components:
                place = f"{components.index(step) + 1} of {len(components)}"
                shown = self._progress.phase(f"{step}, {place}")
            start = time.monotonic()
            try:
                with shown:
                    execution = launcher.Launcher(
                        pipeline_node=node.pipeline_node,
                        mlmd_connection=metadata.Metadata(connection),
                        pipeline_info=pipeline.pipeline_info,
                        pipeline_runtime_spec=pipeline.runtime_spec,
                        executor_spec=runner_utils.extract_executor_spec(deployment, step),
                        custom_driver_spec=runner_utils.extract_custom_driver_spec(
                            deployment, step
                        ),
                    ).launch()
            except Exception as error:
                raise StepFailed(step, _reason(error)) from error
            if step in components:
                with metadata.Metadata(connection) as handle:
                    (found,) = handle.store.get_executions_by_id([execution.execution_id])
                    self.outputs[step] = execution_lib.get_output_artifacts(handle, found.id)
                cached = found.last_known_state == metadata_store_pb2.Execution.CACHED
                how = "cached" if cached else f"done in {time.monotonic() - start:.1f} s"
                self._ended(f"{step:<18} {place}  {how}")


def _reason(error: BaseException) -> str:
    """The sentence of whatever error of ours is at the bottom, else what there is."""
    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, InfnetError):
            return str(chain)
        chain = chain.__cause__ or chain.__context__
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0] if text else 'no message'}"
