"""Settings that are fixed, row by row: from then on the test part may be scored."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from infnet_keras.errors import ModelError
from infnet_keras.runs.run_files import read_json, write_json


class Settings(NamedTuple):
    """What a row is trained with.

    Attributes:
        values: dotted key -> value, what a search found; empty where there was none.
        mean_auc: of the search's best trial, on validation; None without a search.
        trials: settings that the search tried.
        pruned: how many of them were stopped early.
        looks_before: settings whose validation score was seen before the study.
    """

    values: dict[str, Any]
    mean_auc: float | None = None
    trials: int = 0
    pruned: int = 0
    looks_before: int = 0

    @property
    def looks(self) -> int:
        """Settings whose validation score is behind this choice."""
        return self.trials + self.looks_before


class SettledRow:
    """The file that says which settings a row has, from what search, and which runs have them.

    Args:
        directory: of all rows.
        name: of the row, as a file's.
        search: what was searched, JSON data; None where nothing was.
    """

    def __init__(self, directory: Path, name: str, search: Any) -> None:
        self._path = directory / f"{name}.json"
        self._search = search

    def read(self) -> Settings | None:
        """The settings that this search found; None where it is not done."""
        content = read_json(self._path)
        if content is None or content["search"] != self._search:
            return None
        return Settings(**content["settings"])

    def refuse_second_search(self, runs: Path, row: str) -> None:
        """Make sure that no run of other settings of this row was scored.

        Raises:
            ModelError: one was: a search now could choose by the test.
        """
        content = read_json(self._path)
        if content is None or content["search"] == self._search:
            return
        scored = [run for run in content["runs"] if (runs / run / "result.json").exists()]
        if scored:
            raise ModelError(
                f"the test part was scored with settings of {row!r} that another search had found "
                f"(run {scored[0]}): searching again would choose after the test was seen; undo "
                "the change of the study, or give another --out"
            )

    def write(self, settings: Settings, runs: Sequence[str]) -> None:
        """Fix the settings, for these runs."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        content = {"search": self._search, "settings": settings._asdict(), "runs": list(runs)}
        if read_json(self._path) != content:
            write_json(self._path, content)


def settled_runs(directory: Path) -> set[str]:
    """Identities of the runs whose settings are fixed, of all rows."""
    files = sorted(directory.glob("*.json"))
    return {run for file in files for run in (read_json(file) or {"runs": []})["runs"]}
