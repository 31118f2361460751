"""Tests of the pipeline, which needs TFX: `make setup-pipeline`."""

from importlib.util import find_spec

import pytest

_INSTALLED = find_spec("tfx") is not None


class _WithoutTfx(pytest.Module):
    """A test file that is skipped before it imports what is not there."""

    def collect(self) -> list[pytest.Item]:
        pytest.skip("TFX is not installed: make setup-pipeline", allow_module_level=True)


def pytest_pycollect_makemodule(
    module_path: object, parent: pytest.Collector
) -> pytest.Module | None:
    """Skip every file of this folder where TFX is not installed."""
    if _INSTALLED:
        return None
    module: pytest.Module = _WithoutTfx.from_parent(parent, path=module_path)
    return module
