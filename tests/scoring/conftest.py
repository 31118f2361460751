"""One small model, its run and its export, shared by the tests of scoring."""

from pathlib import Path

import pytest
from made_once import made_once
from scored_model import export_scored_model


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `models`, which holds version 1, and `run`."""
    return made_once(tmp_path_factory, "scored", export_scored_model)
