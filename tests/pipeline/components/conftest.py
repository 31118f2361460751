"""Examples of a small generated log, as ExampleGen writes them, and what follows from them."""

from pathlib import Path

import pytest
from component_runs import SPEC, example_gen, schema_gen, statistics_gen
from tfx.types import Artifact

from infnet_keras.data import generate


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw logs of 60 users."""
    directory = tmp_path_factory.mktemp("raw") / "raw"
    generate(SPEC, directory, users=60, events=3000, seed=0)
    return directory


@pytest.fixture(scope="session")
def examples(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """Their examples."""
    return example_gen(tmp_path_factory.mktemp("examples"), raw)


@pytest.fixture(scope="session")
def schema(examples: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """Their schema."""
    return schema_gen(tmp_path_factory.mktemp("schema"), examples)


@pytest.fixture(scope="session")
def statistics(
    examples: Artifact, schema: Artifact, tmp_path_factory: pytest.TempPathFactory
) -> Artifact:
    """Their statistics."""
    return statistics_gen(tmp_path_factory.mktemp("statistics"), examples, schema)
