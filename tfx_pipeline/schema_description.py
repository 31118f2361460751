"""What the Trainer needs to know besides the schema, kept inside of it.

TFX's own components demand that a Schema artifact's directory holds one file and nothing else, so
the raw columns' types, the number of impressions and the example requests are its annotation.
"""

import json
from typing import Any, NamedTuple

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

from infnet_keras.errors import DataError
from infnet_keras.spec.sources import ColumnType


class SchemaDescription(NamedTuple):
    """What ExampleGen knows of the examples.

    Attributes:
        column_types: type of every raw column, as in `Assets`.
        impressions: examples of each split.
        raw_examples: a raw `predict` batch of a few rows.
    """

    column_types: dict[str, ColumnType]
    impressions: dict[str, int]
    raw_examples: dict[str, Any]


def describe(schema: schema_pb2.Schema, description: SchemaDescription) -> None:
    """Put a description into a schema."""
    schema.annotation.comment.append(json.dumps(description._asdict(), allow_nan=False))


def read_description(schema_path: str) -> SchemaDescription:
    """The description in a schema file, such as `fn_args.schema_path`.

    Raises:
        DataError: there is none: the file is not from this pipeline's SchemaGen.
    """
    schema = tfdv.load_schema_text(schema_path)
    try:
        return SchemaDescription(**json.loads(schema.annotation.comment[0]))
    except (IndexError, ValueError, TypeError) as error:
        raise DataError(
            f"{schema_path} does not say what the examples hold: give the schema that this "
            "pipeline's SchemaGen writes"
        ) from error
