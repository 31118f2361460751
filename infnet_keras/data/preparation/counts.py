"""What partitions add up to, and whether that is enough to train on."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.history.events import FIRST_OTHER, HISTORY
from infnet_keras.data.history.partition import Partition
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.data.history.weights import negatives
from infnet_keras.data.raw.values.time_column import check_times, spelling_hint
from infnet_keras.errors import DataError
from infnet_keras.features.numpy.unreadable import are_whole_numbers
from infnet_keras.spec import FeatureSpec, Task


@dataclass
class Counts:
    """Counts of some partitions.

    Attributes:
        users: users with at least one impression.
        history_rows: rows of the earlier history that seed sequences.
        event_rows: of each log of earlier events, rows that may enter a history.
        log_rows: rows of the log without repeats: impressions.
        impressions: of each split, those that the sample leaves out aside.
        joins_missed: for each joined source, impressions whose key it does not have; for each log
            that labels are found in likewise.
        missed_keys: for each of these sources, a key that it does not have.
        labelled: for each split and task, impressions whose label counts.
        positive: those among them whose label is 1, of binary tasks.
        number_sums: sums of the labels of regressions, for each split and task.
        number_ranges: their smallest and their largest; splits without a label are not named.
        masked: for each task, impressions outside its mask.
        unlabelled: for each task, impressions inside its mask whose label is missing.
        dates_read: for each field that counts days since a date, impressions whose date is read.
        unread: for each field of dates, or of whole numbers in text, impressions whose value is
            given and cannot be read; fields without any are not named.
        unread_values: for each of these fields, such a value.
        times: the first and the last instant of the log, in milliseconds; None without a clock.
        later: for each ready-made sequence with times, elements of its cells that were not strictly
            before their impression.
        left_out: training impressions without a positive label that the sample leaves out.
        kept_negatives: those that stay.
    """

    users: int = 0
    history_rows: int = 0
    log_rows: int = 0
    event_rows: Counter[str] = field(default_factory=Counter)
    impressions: Counter[str] = field(default_factory=Counter)
    joins_missed: Counter[str] = field(default_factory=Counter)
    missed_keys: dict[str, list[str]] = field(default_factory=dict)
    labelled: Counter[tuple[str, str]] = field(default_factory=Counter)
    positive: Counter[tuple[str, str]] = field(default_factory=Counter)
    number_sums: Counter[tuple[str, str]] = field(default_factory=Counter)
    number_ranges: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    masked: Counter[str] = field(default_factory=Counter)
    unlabelled: Counter[str] = field(default_factory=Counter)
    dates_read: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    unread_values: dict[str, str] = field(default_factory=dict)
    times: tuple[int, int] | None = None
    later: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    kept_negatives: int = 0

    def add(
        self,
        partition: Partition,
        splits: npt.NDArray[np.int8],
        left_out: npt.NDArray[np.bool_],
        derived: Mapping[str, npt.NDArray[np.generic]],
    ) -> None:
        """Count one partition.

        Args:
            partition: the events.
            splits: of each event.
            left_out: those of the training split that are not trained on.
            derived: values of the derived fields.
        """
        logged, sources = partition.events.logged, partition.events.sources
        if partition.spec.keys.user is not None:
            self.users += len(np.unique(partition.events.user_start))
        self.history_rows += int((sources == HISTORY).sum())
        for number, name in enumerate(partition.spec.event_sources, FIRST_OTHER):
            self.event_rows[name] += int((sources == number).sum())
        self.log_rows += int(logged.sum())
        if partition.days is not None and logged.any():
            times = partition.events.times[logged]
            self._extend((int(times.min()), int(times.max())))
        for name, column in partition.date_columns.items():
            read = logged & ~np.isnan(derived[name].astype(np.float32))
            self.dates_read[name] += int(read.sum())
            unread = partition.values.values(column).filter(pa.array(logged & ~read)).drop_null()
            self._unread(name, unread)
        for name, texts in partition.number_texts.items():
            given = texts.filter(pa.array(logged)).drop_null()
            self._unread(name, given.filter(pa.array(~are_whole_numbers(given))))
        for name, rows in partition.values.side_rows.items():
            self._missed(partition, name, partition.plan.joins[name], (rows < 0) & logged)
        for name, keys in partition.plan.labels.items():
            self._missed(partition, name, keys, ~partition.occurs(name, None) & logged)
        self.later.update(partition.later)
        self.left_out += int(left_out.sum())
        negative = negatives(partition.binary_labels) & (splits == SPLITS["train"])
        self.kept_negatives += int((negative & ~left_out).sum())
        for split, code in SPLITS.items():
            self.impressions[split] += int(((splits == code) & ~left_out).sum())
            for task, labels in partition.labels.items():
                here = labels[splits == code]
                here = here[~np.isnan(here)]
                self.labelled[split, task] += len(here)
                if partition.spec.tasks[task].is_binary:
                    self.positive[split, task] += int((here == 1).sum())
                elif len(here):
                    self._count_numbers((split, task), here)
        for task, labels in partition.labels.items():
            mask = partition.masks[task]
            self.masked[task] += int((logged & ~mask).sum())
            weightless = partition.column_weights[task] == 0
            self.masked[task] += int((mask & weightless).sum())
            self.unlabelled[task] += int((mask & ~weightless & np.isnan(labels)).sum())

    def _count_numbers(self, place: tuple[str, str], labels: npt.NDArray[np.float32]) -> None:
        # A float among integers, which Counter adds all the same.
        self.number_sums[place] += labels.sum(dtype=np.float64)
        self._range(place, (float(labels.min()), float(labels.max())))

    def _range(self, place: tuple[str, str], found: tuple[float, float]) -> None:
        low, high = self.number_ranges.get(place, found)
        self.number_ranges[place] = min(low, found[0]), max(high, found[1])

    def _missed(
        self,
        partition: Partition,
        source: str,
        keys: Mapping[str, str],
        missed: npt.NDArray[np.bool_],
    ) -> None:
        rows = np.flatnonzero(missed)
        self.joins_missed[source] += len(rows)
        values = [partition.values.values(column, rows) for column in keys]
        present = np.all([v.is_valid().to_numpy(zero_copy_only=False) for v in values], axis=0)
        for row in np.flatnonzero(present)[:1].tolist():
            self._example(source, [repr(column[row].as_py()) for column in values])

    def _example(self, source: str, key: list[str]) -> None:
        """The same one is kept in whichever order partitions are counted."""
        self.missed_keys[source] = min(key, self.missed_keys.get(source, key))

    def _unread(self, name: str, values: pa.Array) -> None:
        if len(values):
            self.unread[name] += len(values)
            self._unread_value(name, str(values[0].as_py()))

    def _unread_value(self, name: str, value: str) -> None:
        self.unread_values[name] = min(value, self.unread_values.get(name, value))

    def merge(self, other: "Counts") -> None:
        """Add another one's counts to these."""
        self._extend(other.times)
        for source, key in other.missed_keys.items():
            self._example(source, key)
        for name, value in other.unread_values.items():
            self._unread_value(name, value)
        for place, found in other.number_ranges.items():
            self._range(place, found)
        for count in fields(self):
            mine, others = getattr(self, count.name), getattr(other, count.name)
            if isinstance(mine, Counter):
                mine.update(others)
            elif isinstance(mine, dict):
                continue
            elif isinstance(mine, int):
                setattr(self, count.name, mine + others)

    def _extend(self, times: tuple[int, int] | None) -> None:
        if self.times is not None and times is not None:
            times = min(self.times[0], times[0]), max(self.times[1], times[1])
        self.times = times or self.times

    def label_rates(self, tasks: Mapping[str, Task]) -> dict[str, dict[str, float | None]]:
        """For each split and task, positives over rows with a label, of a regression the mean
        label; None without rows."""
        return {split: {task: self._rate(split, task, tasks) for task in tasks} for split in SPLITS}

    def _rate(self, split: str, task: str, tasks: Mapping[str, Task]) -> float | None:
        rows = self.labelled[split, task]
        if not rows:
            return None
        if tasks[task].is_binary:
            return self.positive[split, task] / rows
        # The last digits of a sum follow the order of the parts, which is no engine's to choose.
        return float(f"{self.number_sums[split, task] / rows:.9g}")

    def check(self, spec: FeatureSpec, valid_from: str | float) -> None:
        """Raise DataError if the log's times are another unit's, or nothing is left to train on,
        to learn or to measure.

        A task without a label in training, and a split in which the labels of every task are all
        0 or all 1: no model can be ranked there.
        """
        if self.times is not None:
            check_times(self.times, spec.time)
        for name, value in self.unread_values.items():
            if name in spec.dates and not self.dates_read[name]:
                raise DataError(
                    f"field {name!r} counts days since a date, but none of its dates can be read, "
                    f"{value!r} for one; {spelling_of(value)} for it"
                )
        if self.left_out and self.kept_negatives == 0:
            raise DataError(
                f"`sample` keeps {spec.sample.negatives if spec.sample else 1:g} of the training "
                f"impressions without a positive label, and of {self.left_out:,} that is none: "
                "nothing is learned of positives alone; raise `sample: {negatives: ...}`"
            )
        if not self.impressions["train"]:
            raise DataError(
                f"no impression is before {valid_from}, where validation starts: nothing is left "
                f"to train on; choose a later `valid_from`{self._span(spec)}"
            )
        for name, task in spec.tasks.items():
            if not self.labelled["train", name]:
                masked = "" if task.mask is None else f" where {task.mask}"
                raise DataError(
                    f"label {task.label_text!r} of task {name!r} is missing in every training "
                    f"impression{masked}; correct the log, or drop the task"
                )
        for split in SPLITS:
            if self.impressions[split] and not any(self._both(split, task) for task in spec.tasks):
                rates = ", ".join(
                    f"{task} {self.positive[split, task]:,} of {self.labelled[split, task]:,}"
                    for task in spec.binary_tasks
                )
                found = [f"one class in every task (labels that are 1: {rates})"] if rates else []
                if len(spec.binary_tasks) < len(spec.tasks):
                    found.append("one number, or none, in every regression")
                raise DataError(
                    f"the {split} split has {' and '.join(found)}: "
                    "nothing can be learned or measured there; correct the labels, or choose "
                    f"other `valid_from` and `test_from`{self._span(spec)}"
                )

    def _span(self, spec: FeatureSpec) -> str:
        """When the log begins and ends, by its own clocks; they may have to split a single day."""
        if self.times is None:
            return ""
        first, last = (
            datetime.fromtimestamp(time // 1000, ZoneInfo(spec.time.timezone))
            for time in self.times
        )
        return (
            f" (the log goes from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}; either may be a "
            "day, or a time spelt so)"
        )

    def _both(self, split: str, task: str) -> bool:
        if (split, task) in self.number_ranges:
            low, high = self.number_ranges[split, task]
            return low < high
        return 0 < self.positive[split, task] < self.labelled[split, task]


def spelling_of(date: str) -> str:
    """What to say in a spec for a date that is spelt so."""
    hint = spelling_hint(date)
    return "say its `unit` or `format`" if hint is None else f"say {hint}"
