"""The metrics of a scored run under resamples of the test's users."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import ModelError
from infnet_keras.evaluation.bootstrap import user_multiplicities
from infnet_keras.evaluation.resampled import resampled as resampled_task
from infnet_keras.files.whole_file import write_whole
from infnet_keras.runs.run_files import RunFiles

METRICS = ("auc", "gauc")
"""What is measured of a task; of a regression XAUC, and XAUC within users."""
_SEED = 0  # the same resamples for every run: differences between runs are paired


def resample_run(run: RunFiles, resamples: int) -> Path:
    """Measure what a run predicted under so many resamples of users, once; the file of it.

    Args:
        run: a scored run.
        resamples: how many.
    """
    path = _file(run, resamples)
    if resampled(run, resamples):
        return path
    predictions = run.predictions
    users, codes = np.unique(predictions.users, return_inverse=True)
    tasks = [resampled_task(predictions, t, codes, len(users)) for t in predictions.tasks]
    found = np.empty((resamples, len(tasks), len(METRICS)), np.float64)
    for number, multiplicity in enumerate(user_multiplicities(len(users), resamples, _SEED)):
        for place, task in enumerate(tasks):
            found[number, place] = task.auc(multiplicity), task.gauc(multiplicity)

    def write(partial: Path) -> None:
        with partial.open("wb") as file:
            np.save(file, found, allow_pickle=False)

    write_whole(path, write)
    return path


def resampled(run: RunFiles, resamples: int) -> bool:
    """Whether `resample_run` was done."""
    return _file(run, resamples).exists()


def load_resamples(run: RunFiles, resamples: int) -> npt.NDArray[np.float64]:
    """Float64 [resamples, tasks, METRICS], the same users in the same row whatever the run.

    Raises:
        ModelError: the run was not resampled.
    """
    path = _file(run, resamples)
    if not path.exists():
        raise ModelError(f"{path} is missing: the study's command makes it again")
    found: npt.NDArray[np.float64] = np.load(path, allow_pickle=False)
    return found


def _file(run: RunFiles, resamples: int) -> Path:
    return run.path / f"resampled_{resamples}.npy"
