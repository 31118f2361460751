"""What partitions add up to, and whether that is enough to train on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from infnet_keras.data.history.partition import Partition
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.data.raw.time_column import check_times
from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec


@dataclass
class Counts:
    """Counts of some partitions.

    Attributes:
        users: users with at least one impression.
        history_rows: rows of the earlier history that seed sequences.
        log_rows: rows of the log without repeats: impressions.
        impressions: of each split.
        joins_missed: for each joined source, impressions whose key it does not have.
        labelled: for each split and task, impressions whose label counts.
        positive: those among them whose label is 1.
        masked: for each task, impressions outside its mask.
        unlabelled: for each task, impressions inside its mask whose label is missing.
        times: the first and the last instant of the log, in milliseconds; None without a clock.
    """

    users: int = 0
    history_rows: int = 0
    log_rows: int = 0
    impressions: Counter[str] = field(default_factory=Counter)
    joins_missed: Counter[str] = field(default_factory=Counter)
    labelled: Counter[tuple[str, str]] = field(default_factory=Counter)
    positive: Counter[tuple[str, str]] = field(default_factory=Counter)
    masked: Counter[str] = field(default_factory=Counter)
    unlabelled: Counter[str] = field(default_factory=Counter)
    times: tuple[int, int] | None = None

    def add(self, partition: Partition, splits: npt.NDArray[np.int8]) -> None:
        """Count one partition, whose events are in these splits."""
        logged = partition.events.logged
        self.users += len(np.unique(partition.events.user_start))
        self.history_rows += int((~logged).sum())
        self.log_rows += int(logged.sum())
        if partition.days is not None and logged.any():
            times = partition.events.times[logged]
            self._extend((int(times.min()), int(times.max())))
        for name, rows in partition.values.side_rows.items():
            self.joins_missed[name] += int(((rows < 0) & logged).sum())
        for split, code in SPLITS.items():
            self.impressions[split] += int((splits == code).sum())
            for task, labels in partition.labels.items():
                here = labels[splits == code]
                self.labelled[split, task] += int((~np.isnan(here)).sum())
                self.positive[split, task] += int((here == 1).sum())
        for task, labels in partition.labels.items():
            mask = partition.masks[task]
            self.masked[task] += int((logged & ~mask).sum())
            self.unlabelled[task] += int((mask & np.isnan(labels)).sum())

    def merge(self, other: "Counts") -> None:
        """Add another one's counts to these."""
        self._extend(other.times)
        for count in fields(self):
            if count.name == "times":
                continue
            mine, others = getattr(self, count.name), getattr(other, count.name)
            if isinstance(mine, Counter):
                mine.update(others)
            else:
                setattr(self, count.name, mine + others)

    def _extend(self, times: tuple[int, int] | None) -> None:
        if self.times is not None and times is not None:
            times = min(self.times[0], times[0]), max(self.times[1], times[1])
        self.times = times or self.times

    def label_rates(self, tasks: Mapping[str, object]) -> dict[str, dict[str, float | None]]:
        """For each split and task, positives over rows with a label; None without rows."""
        return {
            split: {
                task: self.positive[split, task] / self.labelled[split, task]
                if self.labelled[split, task]
                else None
                for task in tasks
            }
            for split in SPLITS
        }

    def check(self, spec: FeatureSpec, valid_from: str | float) -> None:
        """Raise DataError if the log's times are another unit's, nothing is left to train on, or a
        task has no label.
        """
        if self.times is not None:
            check_times(self.times, spec.time)
        if not self.impressions["train"]:
            raise DataError(
                f"no impression is before {valid_from}, where validation starts: nothing is left "
                "to train on; choose a later `valid_from`"
            )
        for name, task in spec.tasks.items():
            if not self.labelled["train", name]:
                masked = "" if task.mask is None else f" where {task.mask}"
                raise DataError(
                    f"label {task.label!r} of task {name!r} is missing in every training "
                    f"impression{masked}; correct the log, or drop the task"
                )
