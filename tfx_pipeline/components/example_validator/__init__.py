"""ExampleValidator: stops the pipeline where examples are not what the spec expects."""

from tfx_pipeline.components.example_validator.component import ExampleValidator

__all__ = ["ExampleValidator"]
