"""The search of a tuned row of a study."""

import hashlib
import json
from pathlib import Path
from typing import Any

from infnet_keras.boosting.options import LightGBMOptions
from infnet_keras.errors import ModelError, SpecError
from infnet_keras.runs.configuration import Configuration
from infnet_keras.runs.settled import Settings
from infnet_keras.search.search import Search
from infnet_keras.search.space import search_space
from infnet_keras.study.rows import Rows
from infnet_keras.study.study_file import LIGHTGBM

_TREES = f"{LIGHTGBM}."


class RowSearch:
    """The search of one row.

    Args:
        rows: resolves the study's rows.
        row: which.
        directory: of all searches; this one's is named by what it starts from and tries.
    """

    def __init__(self, rows: Rows, row: str, directory: Path) -> None:
        self.row = row
        self._rows = rows
        file = rows.study.file
        self._seed = file.seeds[0]
        self._directory = directory
        self._search: Search | None = None

    @property
    def description(self) -> dict[str, Any] | None:
        """What is searched, JSON data; None where nothing is."""
        file = self._rows.study.file
        searched = file.searched(self.row)
        if not searched:
            return None
        return {
            "from": self._rows.configuration(self.row, self._seed, {}).identity,
            "trials": file.tuning.trials,
            "space": {key: values.model_dump(mode="json") for key, values in searched.items()},
        }

    @property
    def search(self) -> Search:
        """The search; opened when it is asked for."""
        if self._search is None:
            trials = self._rows.study.file.tuning.trials
            self._search = Search(self._path(), self._space(), trials, self._seed)
        return self._search

    @property
    def has_begun(self) -> bool:
        """Whether some trial began, now or before."""
        return self.description is not None and self._path().exists()

    def label(self, trial: int) -> str:
        """How progress calls a trial."""
        return f"{self.row}, trial {trial}"

    def configuration(self, values: dict[str, Any]) -> Configuration:
        """What a trial trains."""
        return self._rows.configuration(self.row, self._seed, values)

    def settings(self) -> Settings:
        """What the search came to, once it has ended; of a row that is not tuned, its own."""
        before = self._rows.study.file.models[self.row].looks_before
        if self.description is None:
            return Settings({}, looks_before=before)
        try:
            best = self.search.best()
        except ModelError as error:
            raise ModelError(f"row {self.row!r}: {error}") from error
        looks, pruned = self.search.looks, self.search.stopped_early
        return Settings(best.values, best.mean_auc, looks, pruned, before)

    def _path(self) -> Path:
        """Where this search is kept: one of more trials goes on in the same place."""
        found = {key: part for key, part in (self.description or {}).items() if key != "trials"}
        text = json.dumps(found, sort_keys=True)
        return self._directory / hashlib.sha256(text.encode()).hexdigest()[:16]

    def _space(self) -> Any:
        searched = self._rows.study.file.searched(self.row)
        of_trees = {k.removeprefix(_TREES): s for k, s in searched.items() if k.startswith(_TREES)}
        of_spec = {key: s for key, s in searched.items() if not key.startswith(_TREES)}
        start = self.configuration({})
        try:
            space = search_space(of_spec, start.spec.model_dump(mode="json"))
            trees = search_space(of_trees, {}, LightGBMOptions)
        except SpecError as error:
            raise SpecError(f"row {self.row!r}: {error}") from error
        return {**space, **{f"{_TREES}{key}": found for key, found in trees.items()}}
