"""The model of a trained run."""

from pathlib import Path
from typing import Any

import keras

import infnet_keras.models  # noqa: F401 - registers the classes that a .keras file names
from infnet_keras.errors import ModelError


def load_run_model(run: Path) -> Any:
    """The best model of a run, on the backend that Keras runs on.

    Raises:
        ModelError: the directory holds no model, or one that cannot be read.
    """
    path = run / "model.keras"
    if not path.exists():
        raise ModelError(f"{run} holds no model.keras: train a model into it with `infnet train`")
    try:
        return keras.models.load_model(path)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} cannot be loaded: {error}") from error
