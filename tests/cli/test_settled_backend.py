"""Where TensorFlow is not installed, commands take the backend that is."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from infnet_keras.cli import backend
from infnet_keras.evaluation import Predictions

HIDDEN = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, *more):
        hidden = name.split(".")[0] in {"tensorflow", "jax"}
        return None if hidden else self.finder.find_spec(name, *more)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""


@pytest.mark.backend("torch")
def test_a_command_runs_without_tensorflow(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    labels = draws.integers(0, 2, 40).astype("float32")
    for name in ("one", "other"):
        scores = draws.random(40).astype("float32")
        users = np.arange(40) % 5
        Predictions({"click": labels}, {"click": scores}, users).save(tmp_path / f"{name}.npz")
    (tmp_path / "sitecustomize.py").write_text(HIDDEN)
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    environment |= {"PYTHONPATH": str(tmp_path), "KERAS_HOME": str(tmp_path / "keras")}
    command = [sys.executable, "-m", "infnet_keras.cli", "evaluate", "compare"]
    done = subprocess.run(
        [*command, str(tmp_path / "one.npz"), str(tmp_path / "other.npz")],
        env=environment,
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert "click" in done.stdout


@pytest.mark.parametrize(
    ("given", "configured", "installed", "expected"),
    [
        (None, None, "torch", "torch"),
        (None, "tensorflow", "jax torch", "jax"),
        (None, "torch", "jax torch", None),  # Keras reads it itself
        (None, "tensorflow", "tensorflow torch", None),
        (None, None, "", None),
        ("jax", None, "torch", "jax"),  # which says that it is not installed
        (None, "no json", "torch", "torch"),
    ],
)
def test_what_is_taken(
    given: str | None,
    configured: str | None,
    installed: str,
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    there = installed.split()
    monkeypatch.setattr(backend, "find_spec", lambda name: name if name in there else None)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if given is not None:
        monkeypatch.setenv("KERAS_BACKEND", given)
    if configured is not None:
        text = "{" if configured == "no json" else f'{{"backend": "{configured}"}}'
        (tmp_path / "keras.json").write_text(text)
    backend.settle_backend()
    assert os.environ.get("KERAS_BACKEND") == expected
