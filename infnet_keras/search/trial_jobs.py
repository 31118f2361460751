"""The trials of searches, as jobs for processes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from infnet_keras.errors import SpecError
from infnet_keras.progress import Progress
from infnet_keras.runs.processes.job import Job
from infnet_keras.runs.run_files import RunFiles
from infnet_keras.search.model_search import ModelSearch
from infnet_keras.search.trial import spelt


class TrialJobs:
    """The trials of several searches, one of each in turn.

    Args:
        searches: those that have not ended.
        runs: the directory of all runs.
        progress: says what became of each trial.
        completed: called whenever a trial has come to its end.
    """

    def __init__(
        self,
        searches: Sequence[ModelSearch],
        runs: Path,
        progress: Progress,
        completed: Callable[[], None] | None = None,
    ) -> None:
        self._turn = list(searches)
        self._searches = list(searches)
        self._runs = runs
        self._progress = progress
        self._completed = completed
        self._trials: dict[Job, tuple[ModelSearch, Any, RunFiles]] = {}

    @property
    def left(self) -> int:
        return sum(one.search.left for one in self._searches)

    @property
    def waiting(self) -> list[str]:
        running = [id(search) for search, _, _ in self._trials.values()]
        return [
            one.configuration({}).kind
            for one in self._searches
            for _ in range(one.search.left - running.count(id(one)))
        ]

    def next(self) -> Job | None:
        while self._turn:
            of = self._turn.pop(0)
            trial = of.search.ask()
            if trial is None:
                continue
            self._turn.append(of)
            label = of.label(of.search.number(trial))
            try:
                run = RunFiles.of(self._runs, of.configuration(trial.params))
            except SpecError as error:
                self._progress.say(f"{label} makes no model: {error}")
                of.search.failed(trial)
                continue
            found = run.validation
            if found is not None:  # done before: by a killed process, or by another search
                for number, mean_auc in enumerate(found["observed"], start=1):
                    of.search.report(trial, number, mean_auc)
                self._complete(label, of, trial, found["mean_auc"])
                continue
            run.begin()
            job = Job({"do": "fit", "run": str(run.path)}, label, run.configuration.kind)
            self._trials[job] = of, trial, run
            return job
        return None

    def evaluated(self, job: Job, number: int, mean_auc: float) -> bool:
        of, trial, _ = self._trials[job]
        return of.search.report(trial, number, mean_auc)

    def ended(self, job: Job, message: dict[str, Any]) -> None:
        of, trial, run = self._trials.pop(job)
        if message["said"] == "done":
            self._complete(job.label, of, trial, message["found"]["mean_auc"])
            return
        run.forget_model()
        if message["said"] == "stopped":
            of.search.pruned(trial)
            self._progress.say(f"{job.label}: stopped early  ({spelt(trial.params)})")
        else:
            of.search.failed(trial)
            self._progress.say(f"{job.label} failed: {message['error']}")

    def _complete(self, label: str, of: ModelSearch, trial: Any, mean_auc: float) -> None:
        is_best = of.search.complete(trial, mean_auc)
        best = "  (best)" if is_best else ""
        values = spelt(trial.params)
        self._progress.say(f"{label}: mean validation AUC {mean_auc:.4f}{best}  ({values})")
        if self._completed is not None:
            self._completed()
