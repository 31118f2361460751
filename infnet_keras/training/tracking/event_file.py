"""The event file of a run: its evaluations, as TensorBoard draws them."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from infnet_keras.files.whole_file import write_whole
from infnet_keras.training.tracking.event_record import (
    intact_records,
    scalars_record,
    version_record,
)
from infnet_keras.training.tracking.scalars import scalars_of
from infnet_keras.training.training_state import Evaluation

_NAME = "events.out.tfevents."


class EventFile:
    """One record an evaluation, at its step.

    Tags are `loss`, `auc/mean`, `auc/TASK`, `gauc/TASK`, of regressions `xauc/TASK` and
    `gxauc/TASK`, and `task_cosine`; what has no value is left out. A run that continues writes a
    file of its own, which begins with the earlier records, and removes theirs: no step stands
    twice, and a TensorBoard that looks on goes over to it.

    Args:
        directory: where it is; made with the first file.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / _NAME

    def begin(self, evaluations: Sequence[Evaluation]) -> None:
        """Begin a file with evaluations that were made before; later ones are forgotten.

        Raises:
            OSError: it cannot be written.
        """
        self._directory.mkdir(exist_ok=True)
        earlier = sorted(self._directory.glob(f"*{_NAME}*"))  # unfinished ones too
        whole = [path for path in earlier if path.name.startswith(_NAME)]
        records = list(intact_records(whole[-1].read_bytes())) if whole else []
        now = time.time()
        if len(records) <= len(evaluations):
            records = [version_record(now), *(_record(each, now) for each in evaluations)]
        content = b"".join(records[: 1 + len(evaluations)])
        self._path = self._directory / f"{_NAME}{int(now):010d}.{os.getpid()}"
        write_whole(self._path, lambda partial: partial.write_bytes(content))
        for path in earlier:
            if path != self._path:
                path.unlink(missing_ok=True)

    def append(self, evaluation: Evaluation) -> None:
        """Add an evaluation.

        Raises:
            OSError: it cannot be written.
        """
        with self._path.open("ab") as file:
            file.write(_record(evaluation, time.time()))


def _record(evaluation: Evaluation, wall_time: float) -> bytes:
    return scalars_record(evaluation.step, scalars_of(evaluation), wall_time)
