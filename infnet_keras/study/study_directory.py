"""Where a study keeps what it has."""

from pathlib import Path

from infnet_keras.errors import ModelError
from infnet_keras.runs.configuration import Configuration
from infnet_keras.runs.run_files import RunFiles, write_json
from infnet_keras.served_names import served_names
from infnet_keras.study.study_file import StudyFile

_MARK = "study.json"


class StudyDirectory:
    """The directory of a study.

    - `study.json`: the study as it was given last.
    - `runs/`: a directory a run, named by its identity; `searches/`, `settled/`, `logs/`.
    - `timing.json`, `attention.json`: answers of workers.
    - `tables/`, `report.md`, `report.html`: what is read.

    Args:
        path: the directory; made when the study begins.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.runs = path / "runs"
        self.searches = path / "searches"
        self.settled = path / "settled"
        self.logs = path / "logs"
        self.tables = path / "tables"
        self.timing = path / "timing.json"
        self.attention = path / "attention.json"

    def begin(self) -> None:
        """Make the directory, if need be.

        Raises:
            ModelError: it holds something else, or cannot be made.
        """
        if self.path.exists():
            if not self.path.is_dir():
                raise ModelError(f"{self.path} is a file; give --out a directory")
            there = {entry.name for entry in self.path.iterdir()}
            strangers = there - {"lock", "logs", "runs", "tables"}  # killed as it began
            if strangers and _MARK not in there:
                raise ModelError(
                    f"{self.path} holds {min(strangers)!r} and no study; give --out a new "
                    "directory, or an empty one"
                )
        try:
            for directory in (self.path, self.runs, self.logs, self.tables):
                directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ModelError(f"cannot make {self.path}: {error.strerror or error}") from error

    def note(self, file: StudyFile) -> None:
        """Write down the study as it is given now."""
        write_json(self.path / _MARK, file.model_dump(mode="json"))

    def run(self, configuration: Configuration) -> RunFiles:
        """The files of a run."""
        return RunFiles.of(self.runs, configuration)

    @staticmethod
    def row_files(file: StudyFile) -> dict[str, str]:
        """A file's name for each row, whatever the rows are called."""
        return served_names(file.models)
