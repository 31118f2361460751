"""SchemaGen: what the examples must look like, from the spec."""

from tfx_pipeline.components.schema_gen.component import SchemaGen

__all__ = ["SchemaGen"]
