"""Transform's graph, fitted on odd rows."""

from pathlib import Path

import pytest
from odd_rows import SPEC, TYPES, Row, odd_rows
from pipeline_parts import transform, write_examples, write_schema


@pytest.fixture(scope="session")
def training_rows() -> list[Row]:
    return odd_rows(200, seed=3)


@pytest.fixture(scope="session")
def transform_graph(training_rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fitted on the training rows; rows of another split hold values of their own."""
    directory = tmp_path_factory.mktemp("odd")
    splits = {"train": training_rows, "test": odd_rows(50, seed=4, later=True)}
    examples = write_examples(directory / "examples", SPEC, TYPES, splits)
    schema = write_schema(directory / "schema", SPEC, TYPES, {}, {})
    return Path(transform(directory, SPEC, examples, schema)["transform_graph"].uri)
