"""What a model said of every impression of a split, beside what happened."""

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.files.whole_file import write_whole


@dataclass(frozen=True)
class Predictions:
    """Labels, answers and users of the same impressions, in the same order.

    Args:
        labels: task -> float32 [rows] of 0.0, 1.0 or NaN (no label, or outside the task's mask); of
            a regression any finite number or NaN.
        probabilities: task -> float32 [rows]; of a regression the number that it predicts, in the
            label's own unit.
        users: int64 [rows], the user of each impression: gAUC's groups, the bootstrap's units.
        regressions: those of the tasks whose label is a number.

    Raises:
        DataError: tasks or lengths differ, or a task is called "mean".
    """

    labels: dict[str, npt.NDArray[np.float32]]
    probabilities: dict[str, npt.NDArray[np.float32]]
    users: npt.NDArray[np.int64]
    regressions: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if list(self.labels) != list(self.probabilities):
            raise DataError(
                f"labels are of tasks {', '.join(self.labels)}, probabilities of "
                f"{', '.join(self.probabilities)}"
            )
        if unknown := sorted(self.regressions - set(self.labels)):
            raise DataError(f"there is no task {unknown[0]!r} that could be a regression")
        if "mean" in self.labels:
            raise DataError(
                "reports keep the name 'mean' for the mean of the tasks: rename the task"
            )
        for task in self.labels:
            shapes = {self.labels[task].shape, self.probabilities[task].shape, self.users.shape}
            if shapes != {(len(self.users),)}:
                raise DataError(
                    f"task {task!r}: labels, probabilities and users are arrays [rows] of one "
                    f"length, found shapes {sorted(shapes)}"
                )

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks, in the spec's order."""
        return list(self.labels)

    def save(self, path: str | Path) -> None:
        """Write one .npz file; it appears whole or not at all."""
        path = Path(path)
        arrays: dict[str, npt.NDArray[Any]] = {"users": self.users}
        if self.regressions:
            arrays["regressions"] = np.array(sorted(self.regressions))
        for task in self.tasks:
            arrays[f"labels/{task}"] = self.labels[task]
            arrays[f"probabilities/{task}"] = self.probabilities[task]

        def write(partial: Path) -> None:
            with partial.open("wb") as file:
                np.savez_compressed(file, allow_pickle=False, **arrays)

        write_whole(path, write)

    @classmethod
    def load(cls, path: str | Path) -> "Predictions":
        """Read what `save` wrote.

        Raises:
            DataError: the file is missing, cut short or something else.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                names = [name for name in arrays if name.startswith("labels/")]
                tasks = [name.removeprefix("labels/") for name in names]
                return cls(
                    {task: arrays[f"labels/{task}"] for task in tasks},
                    {task: arrays[f"probabilities/{task}"] for task in tasks},
                    arrays["users"],
                    frozenset(arrays["regressions"].tolist() if "regressions" in arrays else ()),
                )
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise DataError(f"{path} holds no predictions that can be read: {error}") from error
