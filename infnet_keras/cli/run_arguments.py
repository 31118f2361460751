"""The arguments that name a trained run, and loading its model."""

from pathlib import Path
from typing import Any

from infnet_keras.errors import ModelError


def add_run(parser: Any, required: bool = True) -> None:
    """Add `--run` to a parser, or to a group of its arguments."""
    parser.add_argument(
        "--run", required=required, type=Path, help="run directory of `infnet train`"
    )


def load_run_model(run: Path) -> Any:
    """The best model of a run, on the backend that Keras runs on.

    Raises:
        ModelError: the directory holds no model, or one that cannot be read.
    """
    path = run / "model.keras"
    if not path.exists():
        raise ModelError(f"{run} holds no model.keras: train a model into it with `infnet train`")
    import keras

    import infnet_keras.models  # registers the classes that a .keras file names

    assert infnet_keras.models.MODELS
    try:
        return keras.models.load_model(path)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} cannot be loaded: {error}") from error
