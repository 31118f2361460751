"""Transformed examples of a small log."""

from pathlib import Path

import pytest
from clicks import SPEC, TYPES, click_rows, raw_batch
from pipeline_parts import transform, write_examples, write_schema
from tfx.types import Artifact


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artifact]:
    """`transform_graph`, `transformed_examples` and `schema`: 480, 60 and 60 impressions."""
    directory: Path = tmp_path_factory.mktemp("clicks")
    rows = click_rows(600)
    examples = write_examples(directory / "examples", SPEC, TYPES, rows)
    counts = {split: len(given) for split, given in rows.items()}
    schema = write_schema(directory / "schema", SPEC, TYPES, counts, raw_batch(rows["test"][:20]))
    return {**transform(directory, SPEC, examples, schema), "schema": schema}
