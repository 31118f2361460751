"""A process that trains and scores one run after another, as it is told."""

import gc
import json
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import keras

from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.errors import InfnetError
from infnet_keras.progress import Progress
from infnet_keras.runs.average_attention import attention_of_run
from infnet_keras.runs.fit_run import fit_run
from infnet_keras.runs.run_files import RunFiles
from infnet_keras.runs.score_run import score_run
from infnet_keras.runs.settled import settled_runs
from infnet_keras.runs.time_runs import time_runs


class Stopped(Exception):
    """Whoever gave the job wants no more of it."""


class Worker:
    """Reads a job a line, as JSON, and writes what becomes of it, a message a line.

    Jobs: `{"do": "fit", "run": DIR}`, with `"settled": DIR, "resamples": N` to score the test part
    after it, which the files there must allow, and resample its users;
    `{"do": "time", "runs": [DIR, ...], ...}`; `{"do": "attention", "run": DIR, ...}`.

    Messages: `{"said": "evaluation", "number": 1, "mean_auc": 0.7}`, which waits for the answer
    `{"stop": false}`; at the end `{"said": "done", "found": ...}`, `{"said": "stopped"}` or
    `{"said": "failed", "error": "...", "expected": true}` (false: a defect, whose traceback is in
    the log).

    Args:
        data: directory of prepared data.
        jobs: where jobs and answers are read; the process ends with it.
        messages: where messages go.
        log: where the fits say what they do.
    """

    def __init__(self, data: Path, jobs: IO[str], messages: IO[str], log: IO[str]) -> None:
        self._data = PreparedData.open(data)
        self._messages = messages
        self._progress = Progress(lambda line: print(line, file=log, flush=True))
        self._lines: queue.Queue[str] = queue.Queue()
        # A thread of its own: when the parent is killed the fit must not go on without it.
        threading.Thread(target=self._listen, args=(jobs,), daemon=True).start()

    def serve(self) -> None:
        """Do jobs until there are no more."""
        doing: dict[str, Callable[[dict[str, Any]], Any]] = {
            "fit": self._fit,
            "time": self._time,
            "attention": self._attention,
        }
        while True:
            job = json.loads(self._lines.get())
            try:
                message = {"said": "done", "found": doing[job["do"]](job)}
            except Stopped:
                message = {"said": "stopped"}
            except InfnetError as error:
                message = {"said": "failed", "error": str(error), "expected": True}
            except Exception as error:
                traceback.print_exc(file=sys.stderr)
                message = {"said": "failed", "error": repr(error), "expected": False}
            # The next run begins as in a new process.
            keras.backend.clear_session()
            gc.collect()
            self._say(message)

    def _fit(self, job: dict[str, Any]) -> Any:
        run = RunFiles.at(Path(job["run"]))
        self._progress.say(f"run {run.path.name}, {run.configuration.kind}")
        found = fit_run(run, self._data, self._evaluated, self._progress)
        if "settled" in job:
            settled = settled_runs(Path(job["settled"]))
            score_run(run, self._data, settled, job["resamples"], self._progress)
        return found

    def _time(self, job: dict[str, Any]) -> Any:
        runs = [RunFiles.at(Path(run)) for run in job["runs"]]
        return time_runs(runs, self._data, **job["options"])

    def _attention(self, job: dict[str, Any]) -> Any:
        return attention_of_run(RunFiles.at(Path(job["run"])), self._data)

    def _evaluated(self, number: int, mean_auc: float) -> None:
        self._say({"said": "evaluation", "number": number, "mean_auc": mean_auc})
        if json.loads(self._lines.get())["stop"]:
            raise Stopped

    def _say(self, message: dict[str, Any]) -> None:
        self._messages.write(json.dumps(message) + "\n")
        self._messages.flush()

    def _listen(self, jobs: IO[str]) -> None:
        for line in jobs:
            self._lines.put(line)
        os._exit(0)
