"""Which Keras backend a command runs on: settled before Keras is imported."""

import argparse
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from infnet_keras.cli.keep_memory import keep_memory, keep_memory_beside_tensorflow
from infnet_keras.errors import ModelError
from infnet_keras.progress import Progress
from infnet_keras.progress.quiet_start import quiet_start

BACKENDS = ("tensorflow", "jax", "torch")


def add_backend(parser: argparse.ArgumentParser) -> None:
    """Add `--backend`."""
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        help="Keras backend; without it KERAS_BACKEND or Keras' own configuration decides, and "
        "without TensorFlow what is installed",
    )


def settle_backend() -> None:
    """Have Keras take a backend that is installed, where nothing names one.

    Keras takes TensorFlow then, also where it is missing, and writes that to its configuration;
    commands that only read predictions import Keras too.
    """
    if os.environ.get("KERAS_BACKEND") or find_spec("tensorflow") is not None:
        return
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        configured = json.loads((home / "keras.json").read_text())["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        configured = "tensorflow"
    installed = [name for name in BACKENDS if find_spec(name) is not None]
    if configured == "tensorflow" and installed:
        os.environ["KERAS_BACKEND"] = installed[0]


def start_backend(backend: str | None, progress: Progress | None = None) -> None:
    """Import Keras on a backend, in a process that keeps its memory (see `keep_memory`).

    Args:
        backend: one of BACKENDS; None takes the configured one.
        progress: says that it starts; None for silence.

    Raises:
        ModelError: the backend is not installed, cannot train, or Keras already runs on another.
    """
    if backend is not None and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    keep_memory()
    try:
        with (progress or Progress()).phase("starting Keras", at_once=True), quiet_start():
            import keras

            if find_spec("tensorflow") is not None:
                import tensorflow  # noqa: F401 - Keras imports it anyway when it saves a model
            if keras.backend.backend() == "tensorflow":
                keep_memory_beside_tensorflow()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in BACKENDS:
            raise
        raise ModelError(
            f"the backend {missing} is not installed; pip install 'infnet-keras[{missing}]', or "
            "choose another with --backend"
        ) from error
    except ValueError as error:  # what Keras raises for a name that it does not know
        raise ModelError(
            f"Keras does not start ({error}); choose one of {', '.join(BACKENDS)} with --backend"
        ) from error
    running = keras.backend.backend()
    if backend is not None and running != backend:
        raise ModelError(
            f"Keras already runs on {running} in this process: --backend {backend} needs another"
        )
    if running not in BACKENDS:
        raise ModelError(
            f"the backend {running} cannot train; choose one of {', '.join(BACKENDS)} with "
            "--backend"
        )
