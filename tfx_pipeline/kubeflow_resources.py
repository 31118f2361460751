"""CPU, memory and accelerators of each step on Kubeflow."""

from pathlib import Path
from typing import TypeAlias

import yaml
from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineDeploymentConfig
from pydantic import Field, PositiveFloat, PositiveInt, TypeAdapter, ValidationError

from infnet_keras.errors import InfnetError
from infnet_keras.spec.base import Block

ResourceSpec: TypeAlias = PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec


class Accelerator(Block):
    """GPUs of a step."""

    type: str = "nvidia.com/gpu"
    """The resource's name on the cluster; on Vertex AI a card such as NVIDIA_TESLA_T4."""
    count: PositiveInt = 1
    """How many."""


class Resources(Block):
    """What one step may use; Kubernetes stops a step that uses more memory."""

    cpu: PositiveFloat = Field(default=1.0, strict=False)
    """Cores."""
    memory: PositiveFloat = Field(default=4.0, strict=False)
    """Gigabytes."""
    gpu: Accelerator | None = None
    """GPUs."""

    def to_proto(self) -> ResourceSpec:
        """For a compiled pipeline: as texts, and as the numbers that older back ends read."""
        memory = f"{self.memory:g}G"
        spec = ResourceSpec(
            cpu_limit=self.cpu,
            memory_limit=self.memory,
            resource_cpu_limit=f"{self.cpu:g}",
            resource_memory_limit=memory,
            resource_cpu_request=f"{self.cpu:g}",
            resource_memory_request=memory,
        )
        if self.gpu is not None:
            spec.accelerator.type = spec.accelerator.resource_type = self.gpu.type
            spec.accelerator.count = self.gpu.count
            spec.accelerator.resource_count = str(self.gpu.count)
        return spec


_DEFAULTS = {
    "ExampleGen": Resources(cpu=2.0, memory=8.0),
    "StatisticsGen": Resources(cpu=2.0, memory=8.0),
    "Transform": Resources(cpu=2.0, memory=8.0),
    "Tuner": Resources(cpu=4.0, memory=16.0),
    "Trainer": Resources(cpu=4.0, memory=16.0),
    "Evaluator": Resources(cpu=2.0, memory=8.0),
    "InfraValidator": Resources(cpu=2.0, memory=8.0),
}


def resources_of(steps: list[str], file: Path | None = None) -> dict[str, Resources]:
    """What each step may use.

    Args:
        steps: their names.
        file: YAML: step -> {cpu: cores, memory: gigabytes, gpu: {type: ..., count: ...}}; what it
            leaves out stays as it is.

    Raises:
        InfnetError: the file cannot be read, or names no step or no resource.
    """
    given: dict[str, Resources] = {}
    if file is not None:
        try:
            content = yaml.safe_load(file.read_text("utf-8"))
            if not isinstance(content, dict):
                raise ValueError("it holds no steps")
            unknown = sorted(set(content) - set(steps))
            if unknown:
                raise InfnetError(
                    f"{file}: there is no step {unknown[0]!r}; the steps are {', '.join(steps)}"
                )
            merged = {
                step: {**_default(step).model_dump(), **(values or {})}
                for step, values in content.items()
            }
            given = TypeAdapter(dict[str, Resources]).validate_python(merged)
        except OSError as error:
            raise InfnetError(f"cannot read {file}: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InfnetError(f"{file}: {place}: {first['msg']}") from error
        except (yaml.YAMLError, TypeError, ValueError) as error:
            raise InfnetError(
                f"{file} is no YAML of steps and their resources, such as "
                f"`Trainer: {{cpu: 8, memory: 32}}`: {error}"
            ) from error
    return {step: given.get(step, _default(step)) for step in steps}


def _default(step: str) -> Resources:
    return _DEFAULTS.get(step, Resources())
