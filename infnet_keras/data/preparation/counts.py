"""What partitions add up to, and whether that is enough to train on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.history.partition import Partition
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.data.raw.time_column import check_times, spelling_hint
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
        dates_read: for each field that counts days since a date, impressions whose date is read.
        unread_dates: for each of them, a date that is given and cannot be read.
        times: the first and the last instant of the log, in milliseconds; None without a clock.
        later: for each ready-made sequence with times, elements of its cells that were not strictly
            before their impression.
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
    dates_read: Counter[str] = field(default_factory=Counter)
    unread_dates: dict[str, str] = field(default_factory=dict)
    times: tuple[int, int] | None = None
    later: Counter[str] = field(default_factory=Counter)

    def add(
        self,
        partition: Partition,
        splits: npt.NDArray[np.int8],
        derived: Mapping[str, npt.NDArray[np.generic]],
    ) -> None:
        """Count one partition, whose events are in these splits and have these derived values."""
        logged = partition.events.logged
        self.users += len(np.unique(partition.events.user_start))
        self.history_rows += int((~logged).sum())
        self.log_rows += int(logged.sum())
        if partition.days is not None and logged.any():
            times = partition.events.times[logged]
            self._extend((int(times.min()), int(times.max())))
        for name, column in partition.date_columns.items():
            read = logged & ~np.isnan(derived[name].astype(np.float32))
            self.dates_read[name] += int(read.sum())
            unread = partition.values.values(column).filter(pa.array(logged & ~read)).drop_null()
            if len(unread):
                self.unread_dates.setdefault(name, str(unread[0].as_py()))
        for name, rows in partition.values.side_rows.items():
            self.joins_missed[name] += int(((rows < 0) & logged).sum())
        self.later.update(partition.later)
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
            mine, others = getattr(self, count.name), getattr(other, count.name)
            if isinstance(mine, Counter):
                mine.update(others)
            elif isinstance(mine, dict):
                setattr(self, count.name, {**others, **mine})
            elif isinstance(mine, int):
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
        for name, value in self.unread_dates.items():
            if not self.dates_read[name]:
                hint = spelling_hint(value)
                say = "say its `unit` or `format`" if hint is None else f"say {hint}"
                raise DataError(
                    f"field {name!r} counts days since a date, but none of its dates can be read, "
                    f"{value!r} for one; {say} for it"
                )
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
