"""One seed for every test; tests of one backend are skipped on the others."""

import os

import numpy as np
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "the server that tests/serving/contract runs on")
    group.addoption("--server-command", help="a program with tensorflow_model_server's flags")
    group.addoption("--grpc", help="HOST:PORT of a server that runs already")
    group.addoption("--rest", help="HOST:PORT of the same server's REST interface")
    group.addoption("--models", help="the directory of write_models.py that it serves")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    for item in items:
        marker = item.get_closest_marker("backend")
        if marker is not None and backend not in marker.args:
            reason = f"for {', '.join(marker.args)}; the backend is {backend}"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def _compilation_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests and their child processes compile the same programs again: JAX can keep them."""
    if os.environ.get("KERAS_BACKEND") == "jax":
        # Under xdist every worker has a directory of its own below a shared one.
        directory = tmp_path_factory.getbasetemp().parent / "compiled"
        settings = {
            "jax_compilation_cache_dir": str(directory),
            "jax_persistent_cache_min_compile_time_secs": 0,
            "jax_persistent_cache_min_entry_size_bytes": -1,
        }
        import jax

        for name, value in settings.items():
            os.environ[name.upper()] = str(value)
            jax.config.update(name, value)


@pytest.fixture(autouse=True)
def _seed() -> None:
    np.random.seed(0)
