"""Transform's graph, fitted on odd rows."""

from pathlib import Path

import odd_transform
import pytest
from odd_rows import Row


@pytest.fixture(scope="session")
def training_rows() -> list[Row]:
    return odd_transform.training_rows()


@pytest.fixture(scope="session")
def transform_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fitted on the training rows; rows of another split hold values of their own."""
    return odd_transform.odd_transform(tmp_path_factory) / "transform_graph"
