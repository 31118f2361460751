"""The runs whose settings are fixed: trained with every seed, then scored on the test part."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infnet_keras.progress import Progress
from infnet_keras.runs.processes.job import Job
from infnet_keras.runs.resample_run import resampled
from infnet_keras.runs.run_files import RunFiles


class FinalRuns:
    """Runs as jobs; those that are finished are left out.

    Args:
        runs: label and run; equal runs are done once, under the first label.
        settled: directory of the files that say that their settings are fixed.
        resamples: of users, for the differences between runs.
        progress: says which runs failed.

    Attributes:
        failures: label -> why it failed.
    """

    def __init__(
        self,
        runs: Iterable[tuple[str, RunFiles]],
        settled: Path,
        resamples: int,
        progress: Progress,
    ) -> None:
        todo: dict[str, tuple[str, RunFiles]] = {}
        for label, run in runs:
            if run.result is None or not resampled(run, resamples):
                todo.setdefault(run.configuration.identity, (label, run))
        self._waiting = list(todo.values())
        self._settled = settled
        self._resamples = resamples
        self._progress = progress
        self._running: dict[Job, str] = {}
        self.failures: dict[str, str] = {}

    @property
    def left(self) -> int:
        return len(self._waiting) + len(self._running)

    @property
    def waiting(self) -> list[str]:
        return [run.configuration.kind for _, run in self._waiting]

    def next(self) -> Job | None:
        if not self._waiting:
            return None
        label, run = self._waiting.pop(0)
        run.begin()
        request = {
            "do": "fit",
            "run": str(run.path),
            "settled": str(self._settled),
            "resamples": self._resamples,
        }
        job = Job(request, label, run.configuration.kind)
        self._running[job] = label
        return job

    def evaluated(self, job: Job, number: int, mean_auc: float) -> bool:
        return False  # its settings are fixed: it goes on to its end

    def ended(self, job: Job, message: dict[str, Any]) -> None:
        label = self._running.pop(job)
        if message["said"] == "failed":
            self.failures[label] = message["error"]
            self._progress.say(f"{label} failed: {message['error']}")
