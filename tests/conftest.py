"""One seed for every test; tests of one backend are skipped on the others."""

import os

import numpy as np
import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    for item in items:
        marker = item.get_closest_marker("backend")
        if marker is not None and backend not in marker.args:
            reason = f"for {', '.join(marker.args)}; the backend is {backend}"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _seed() -> None:
    np.random.seed(0)
