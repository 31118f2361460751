"""One server for all tests of this directory."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from deploy_server import Served, serve


@pytest.fixture(scope="session")
def served(exported_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(exported_model / "1", tmp_path_factory.mktemp("deployed")) as found:
        yield found
