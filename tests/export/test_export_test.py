"""What the shared test itself catches; that it passes is seen in every other test here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.testing.export_test import run_export_test


@pytest.mark.backend("tensorflow")
def test_an_export_that_differs_fails(
    exported: Path,
    build_model: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from infnet_keras.testing import export_test

    other = build_model()
    other.weights[-1].assign(other.weights[-1] + 0.01)
    (tmp_path / "1").symlink_to(exported)
    monkeypatch.setattr(export_test, "export_saved_model", lambda *_, **__: tmp_path / "1")
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        run_export_test(other, tmp_path)
