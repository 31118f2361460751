"""Transform's run on odd rows, made once for all tests that read it."""

from pathlib import Path

import pytest
from made_once import made_once
from odd_rows import SPEC, TYPES, Row, odd_rows
from pipeline_parts import transform, write_examples, write_schema

ROWS = 1000


def training_rows() -> list[Row]:
    """The rows that Transform is fitted on."""
    return odd_rows(200, seed=3)


def other_rows() -> list[Row]:
    """Rows of another split, with values of their own."""
    return odd_rows(ROWS, seed=1, later=True)


def odd_transform(factory: pytest.TempPathFactory) -> Path:
    """A directory with `transform_graph` and `transformed_examples`."""

    def make(directory: Path) -> None:
        splits = {"train": training_rows(), "test": other_rows()}
        examples = write_examples(directory / "examples", SPEC, TYPES, splits)
        schema = write_schema(directory / "schema", SPEC, TYPES, {}, {})
        transform(directory, SPEC, examples, schema)

    return made_once(factory, "odd_transform", make)
