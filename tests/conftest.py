"""One seed for every test; tests of one backend are skipped on the others."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from any_names import export_any_names
from exported_model import export_small_model
from made_once import made_once

# XLA's optimisations take most of the time of programs this small; child processes inherit it.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "the server that tests/serving/contract runs on")
    group.addoption("--server-command", help="a program with tensorflow_model_server's flags")
    group.addoption("--grpc", help="HOST:PORT of a server that runs already")
    group.addoption("--rest", help="HOST:PORT of the same server's REST interface")
    group.addoption("--models", help="the directory of write_models.py that it serves")
    parser.addoption("--long", action="store_true", help="the tests marked `long`, and no others")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")

    def is_long(item: pytest.Item) -> bool:
        return any(not m.args or backend in m.args for m in item.iter_markers("long"))

    others = [item for item in items if is_long(item) != config.getoption("--long")]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if is_long(item) == config.getoption("--long")]
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


@pytest.fixture(scope="session")
def exported_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory `qb_video` with version 1 of a small model: written once, to be copied."""

    def make(directory: Path) -> None:
        export_small_model(directory / "qb_video")

    return made_once(tmp_path_factory, "exported", make) / "qb_video"


@pytest.fixture(scope="session")
def exported_any_names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory `odd` with version 1 of a model whose names no signature can hold; only read."""
    return made_once(tmp_path_factory, "any_names", export_any_names) / "odd"


@pytest.fixture(scope="module")
def uncompiled() -> Iterator[None]:
    """TensorFlow's operations run one by one: tracing a few small steps takes longer than they do.

    For tests whose subject is what happens around the steps. That compiled steps do the same is
    seen in tests/models, tests/integration and under JAX.
    """
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium; its driver's event loop would be in the way of other modules' tests."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium is installed (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        # Chromium's sandbox needs privileges that containers do not have; the pages are our own.
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def _seed() -> None:
    np.random.seed(0)
