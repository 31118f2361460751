"""Where a study keeps what it has."""

from pathlib import Path

from infnet_keras.runs.configuration import Configuration
from infnet_keras.runs.own_directory import make_own
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
        make_own(
            self.path,
            "study",
            _MARK,
            ("lock", "logs", "runs", "tables"),
            (self.runs, self.logs, self.tables),
        )

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
