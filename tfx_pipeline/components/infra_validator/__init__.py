"""InfraValidator: serves a model before it is pushed, and compares what the server answers."""

from tfx_pipeline.components.infra_validator.component import InfraValidator

__all__ = ["InfraValidator"]
