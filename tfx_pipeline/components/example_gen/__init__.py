"""ExampleGen: raw logs, or an examples directory written beforehand, as TFX examples."""

from tfx_pipeline.components.example_gen.component import ExampleGen

__all__ = ["ExampleGen"]
