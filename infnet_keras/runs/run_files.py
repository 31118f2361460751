"""The files of one run of many; what is finished is told by what is there."""

import json
import shutil
from pathlib import Path
from typing import Any

from infnet_keras.errors import ModelError
from infnet_keras.evaluation import Predictions
from infnet_keras.files.whole_file import write_whole
from infnet_keras.runs.configuration import Configuration


class RunFiles:
    """The directory of a run.

    - `configuration.json`: what was asked for.
    - `training/`: the run directory of the fit, which continues after a kill by itself.
    - `validation.json`: written when the fit is finished: its validation score, time, size.
    - `test.npz`, `resampled_N.npy`, and last `result.json`: of the test part, which is scored once.

    Args:
        path: the directory.
        configuration: of the run.
    """

    def __init__(self, path: Path, configuration: Configuration) -> None:
        self.configuration = configuration
        self.path = path
        self.training = path / "training"

    @classmethod
    def of(cls, runs: Path, configuration: Configuration) -> "RunFiles":
        """The run of a configuration, whose identity names its directory among all runs."""
        return cls(runs / configuration.identity, configuration)

    @classmethod
    def at(cls, path: Path) -> "RunFiles":
        """The run that has begun in a directory."""
        content = read_json(path / "configuration.json")
        if content is None:
            raise ModelError(f"{path} holds no run: its configuration.json is missing")
        return cls(path, Configuration.of(content))

    @property
    def validation(self) -> dict[str, Any] | None:
        """What the fit came to; None as long as it has not ended."""
        found: dict[str, Any] | None = read_json(self.path / "validation.json")
        return found

    @property
    def result(self) -> dict[str, Any] | None:
        """What the test came to; None as long as it was not scored."""
        found: dict[str, Any] | None = read_json(self.path / "result.json")
        return found

    @property
    def predictions(self) -> Predictions:
        """What the model said of the test part."""
        return Predictions.load(self.path / "test.npz")

    def begin(self) -> None:
        """Make the directory, if need be."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "configuration.json", self.configuration.content())

    def forget_model(self) -> None:
        """Free the disk of a run that will not be scored; its validation stays."""
        shutil.rmtree(self.training, ignore_errors=True)


def read_json(path: Path) -> Any:
    """What a JSON file holds; None where there is none.

    Raises:
        ModelError: it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{path} cannot be read ({error}); remove it, and it is made again"
        ) from error


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, whole or not at all.

    Raises:
        ModelError: it cannot be written.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    try:
        write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"cannot write {path}: {error.strerror or error}; what was finished is kept, so the "
            "same command continues from there once this is mended"
        ) from error
