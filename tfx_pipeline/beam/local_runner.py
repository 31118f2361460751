"""The runner of this machine, pinned."""

from collections.abc import Sequence

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.pipeline import Pipeline
from apache_beam.portability.api import beam_provision_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import (
    ExtendedProvisionInfo,
    FnApiRunner,
    RunnerResult,
)
from apache_beam.runners.portability.portable_runner import JobServiceHandle

LOCAL_RUNNER = "tfx_pipeline.beam.local_runner.LocalRunner"
_DIRECT = ("DirectRunner", "SwitchingDirectRunner", "direct")


class LocalRunner(FnApiRunner):
    """Beam's in-process runner, of one or several processes.

    The DirectRunner of Beam tries Prism first, a program that it downloads when it is first used,
    and so runs one thing here and another there.
    """

    def run_pipeline(self, pipeline: Pipeline, options: PipelineOptions) -> RunnerResult:
        """Run, with the options known to workers in processes of their own, as DirectRunner does.

        They tell workers how to reach remote file systems.
        """
        encoded = JobServiceHandle.encode_pipeline_options(options.get_all_options())
        self._provision_info = ExtendedProvisionInfo(
            beam_provision_api_pb2.ProvisionInfo(pipeline_options=encoded)
        )
        return super().run_pipeline(pipeline, options)


def with_local_runner(arguments: Sequence[str]) -> list[str]:
    """Beam options in which no runner, or DirectRunner, has become `LocalRunner`.

    Example:
        >>> with_local_runner(["--direct_num_workers=2"])
        ['--direct_num_workers=2', '--runner=tfx_pipeline.beam.local_runner.LocalRunner']
    """
    runner = PipelineOptions(list(arguments)).view_as(StandardOptions).runner
    if runner is None or runner in _DIRECT:
        return [*arguments, f"--runner={LOCAL_RUNNER}"]
    return list(arguments)
