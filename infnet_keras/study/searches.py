"""The searches of a study's tuned rows, a trial of each in turn."""

import hashlib
import json
from pathlib import Path
from typing import Any

from infnet_keras.boosting.options import LightGBMOptions
from infnet_keras.errors import ModelError, SpecError
from infnet_keras.progress import Progress
from infnet_keras.runs.configuration import Configuration
from infnet_keras.runs.processes.job import Job
from infnet_keras.runs.run_files import RunFiles
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


class Searches:
    """The trials of several searches, as jobs: a trial of each row in turn.

    Args:
        searches: those that have not ended.
        runs: the directory of all runs.
        progress: says which trials failed.
    """

    def __init__(self, searches: list[RowSearch], runs: Path, progress: Progress) -> None:
        self._turn = list(searches)
        self._searches = list(searches)
        self._runs = runs
        self._progress = progress
        self._trials: dict[Job, tuple[RowSearch, Any, RunFiles]] = {}

    @property
    def left(self) -> int:
        return sum(one.search.left for one in self._searches)

    @property
    def waiting(self) -> list[str]:
        running = [id(row_search) for row_search, _, _ in self._trials.values()]
        return [
            one.configuration({}).kind
            for one in self._searches
            for _ in range(one.search.left - running.count(id(one)))
        ]

    def next(self) -> Job | None:
        while self._turn:
            row_search = self._turn.pop(0)
            trial = row_search.search.ask()
            if trial is None:
                continue
            self._turn.append(row_search)
            try:
                run = RunFiles.of(self._runs, row_search.configuration(trial.params))
            except SpecError as error:
                self._progress.say(f"trial {trial.number + 1} makes no model: {error}")
                row_search.search.failed(trial)
                continue
            found = run.validation
            if found is not None:  # done before: by a killed process, or by another row
                row_search.search.complete(trial, found["mean_auc"])
                continue
            run.begin()
            label = f"{row_search.row}, trial {trial.number + 1}"
            job = Job({"do": "fit", "run": str(run.path)}, label, run.configuration.kind)
            self._trials[job] = row_search, trial, run
            return job
        return None

    def evaluated(self, job: Job, number: int, mean_auc: float) -> bool:
        row_search, trial, _ = self._trials[job]
        return row_search.search.report(trial, number, mean_auc)

    def ended(self, job: Job, message: dict[str, Any]) -> None:
        row_search, trial, run = self._trials.pop(job)
        if message["said"] == "done":
            row_search.search.complete(trial, message["found"]["mean_auc"])
            return
        run.forget_model()
        if message["said"] == "stopped":
            row_search.search.pruned(trial)
        else:
            self._progress.say(f"{job.label} failed: {message['error']}")
            row_search.search.failed(trial)
