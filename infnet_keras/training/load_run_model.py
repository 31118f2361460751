"""The model of a trained run."""

from pathlib import Path
from typing import Any

import keras

from infnet_keras.errors import ModelError
from infnet_keras.models import MODELS  # noqa: F401 - registers what a .keras file names


def load_run_model(run: Path, with_optimizer: bool = True) -> Any:
    """The best model of a run, on the backend that Keras runs on.

    Args:
        run: the run directory.
        with_optimizer: whether it comes compiled, with the state of its optimiser, which takes
            twice the memory of its weights.

    Raises:
        ModelError: the directory holds no model, or one that cannot be read.
    """
    path = run / "model.keras"
    if not path.exists():
        raise ModelError(f"{run} holds no model.keras: train a model into it with `infnet train`")
    try:
        return keras.models.load_model(path, compile=with_optimizer)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} cannot be loaded: {error}") from error
