"""Search a spec's values: trials in processes, then the best spec."""

from pathlib import Path
from typing import NamedTuple

import keras

from infnet_keras.data import PreparedData
from infnet_keras.files.run_lock import run_lock
from infnet_keras.progress import Progress
from infnet_keras.runs.needed_memory import needed_memory
from infnet_keras.runs.processes.memory import available
from infnet_keras.runs.processes.schedule import (
    Schedule,
    checked_memory,
    checked_processes,
    worker_command,
)
from infnet_keras.search.search import Best
from infnet_keras.search.trial import Trial
from infnet_keras.search.trial_jobs import TrialJobs
from infnet_keras.spec import FeatureSpec
from infnet_keras.training.check_data import check_data
from infnet_keras.tuning.spec_search import SpecSearch
from infnet_keras.tuning.tuning_directory import TuningDirectory


class Tuned(NamedTuple):
    """What a search came to.

    Attributes:
        best: the best trial.
        spec: what it trained.
        path: the file that holds this spec.
        trials: every trial.
    """

    best: Best
    spec: FeatureSpec
    path: Path
    trials: list[Trial]


def tune(
    spec: FeatureSpec,
    data: str | Path,
    out: str | Path,
    trials: int | None = None,
    processes: int = 1,
    memory: float | None = None,
    progress: Progress | None = None,
) -> Tuned:
    """Try values of a spec's `tuning` block, and write the spec with the best ones.

    A trial trains as `train` does, with the spec's seed, in a process of its own; the validation
    part alone chooses, by its mean AUC. One is stopped early when an evaluation lies below the
    median of the earlier trials' at the same place. Called again the search goes on: a trial that
    has ended is not repeated, one that was killed continues after its last epoch.

    Args:
        spec: the feature spec, with a `tuning` block.
        data: directory of prepared data.
        out: directory of the search (see `TuningDirectory`).
        trials: how many are tried; None: as many as the spec says. More than before go on.
        processes: trials side by side at most. With one the trials follow from the spec's seed;
            with several they depend on which ends first, and a process has fewer cores, so that
            the best trial's figure is met up to rounding.
        memory: GB that the processes may hold; None: four fifths of what is free.
        progress: says what is done meanwhile; None for silence.

    Raises:
        SpecError: the spec has no `tuning` block.
        DataError: the data were prepared for another spec, or a split is empty.
        ModelError: the directory holds another search or something else; no trial came to its end.
        InfnetError: Optuna is not installed.
    """
    progress = progress or Progress()
    prepared = PreparedData.open(data)
    directory = TuningDirectory(Path(out))
    backend = keras.backend.backend()
    search = SpecSearch(spec, prepared.digest, backend, directory.search, trials)
    check_data(spec, prepared)
    side_by_side, limit = checked_processes(processes), checked_memory(memory, available())
    directory.begin()
    with run_lock(directory.path):
        directory.note(search.description)
        command = worker_command(Path(data).resolve(), backend)
        needed = needed_memory(directory.runs)

        def completed() -> None:
            best = search.search.best()
            directory.keep_model_of(search.configuration(best.values))

        jobs = TrialJobs([search], directory.runs, progress, completed)
        with Schedule(command, side_by_side, limit, directory.logs, progress, needed) as schedule:
            schedule.run(jobs, "searching", "trials")
        best = search.search.best()
        found = search.configuration(best.values).spec
        ended = search.search.ended()
        directory.write(found, ended)
    return Tuned(best, found, directory.best_spec, ended)
