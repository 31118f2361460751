"""How often each value of a field was followed by a positive label."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.integer]
Floats = npt.NDArray[np.floating]


class ValueRates:
    """Labels counted by the rows of one field's table, in parts of the training impressions.

    A rate is (positives + strength * rate of the task) / (labels + strength), so that a value that
    was seen seldom says little. Of an impression that was counted itself, the rates and counts
    leave out the part that it is in: what it was labelled is not in what is said of it.

    Args:
        rows: rows of the table.
        tasks: names of the tasks.
        folds: parts.
        strength: labels that the task's own rate is worth.

    Example:
        >>> rates = ValueRates(rows=3, tasks=["click"], folds=2, strength=1.0)
        >>> rates.add(np.array([2, 2]), {"click": np.array([1.0, 0.0])}, np.array([0, 1]))
        >>> rates.close()
        >>> rates.rate("click", np.array([2, 1])).tolist()
        [0.5, 0.5]
        >>> rates.rate("click", np.array([2]), folds=np.array([0])).tolist()  # of 0.0 alone
        [0.25]
    """

    def __init__(self, rows: int, tasks: list[str], folds: int, strength: float) -> None:
        self.tasks = tasks
        self._rows = rows
        self._folds = folds
        self._strength = strength
        self._labels = {task: np.zeros((folds, rows), np.float32) for task in tasks}
        self._positives = {task: np.zeros((folds, rows), np.float32) for task in tasks}
        self._seen = np.zeros((folds, rows), np.float32)
        self._prior: dict[str, float] = {}

    def add(self, ids: Ids, labels: Mapping[str, Floats], folds: Ids) -> None:
        """Count impressions.

        Args:
            ids: int [batch] or [batch, values]; padding (id 0) is not counted.
            labels: task -> float [batch] of 0.0, 1.0 or NaN.
            folds: int [batch], the part of each impression.
        """
        at, row = self._places(ids, folds)
        self._add(self._seen, at, None)
        for task in self.tasks:
            label = labels[task][row]
            known = ~np.isnan(label)
            self._add(self._labels[task], at[known], None)
            self._add(self._positives[task], at[known], label[known])

    def close(self) -> None:
        """Everything is counted: totals and the tasks' own rates follow."""
        for task in self.tasks:
            labels = float(self._labels[task].sum())
            self._prior[task] = float(self._positives[task].sum()) / labels if labels else 0.0
        self._totals = {
            "seen": self._seen.sum(axis=0),
            **{f"labels/{task}": self._labels[task].sum(axis=0) for task in self.tasks},
            **{f"positives/{task}": self._positives[task].sum(axis=0) for task in self.tasks},
        }

    def rate(self, task: str, ids: Ids, folds: Ids | None = None) -> Floats:
        """The smoothed rate of a task at each id, float of the shape of `ids`.

        Args:
            task: which.
            ids: int [batch, ...].
            folds: int [batch], the part that each row leaves out; None: counts of all parts.
        """
        positives = self._of("positives", task, ids, folds)
        labels = self._of("labels", task, ids, folds)
        prior = self._prior[task]
        return np.asarray((positives + self._strength * prior) / (labels + self._strength))

    def count(self, ids: Ids, folds: Ids | None = None) -> Floats:
        """log(1 + how often each id was seen); without a part, as if it had been all parts."""
        seen = self._totals["seen"][ids]
        if folds is not None:
            seen = seen - self._seen[_beside(folds, ids), ids]
            seen = seen * (self._folds / (self._folds - 1))
        return np.asarray(np.log1p(seen))

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        """The totals, which are all that new impressions need."""
        prior = np.array([self._prior[task] for task in self.tasks], np.float32)
        return {"prior": prior, **self._totals}

    @classmethod
    def of(
        cls, arrays: Mapping[str, npt.NDArray[np.float32]], tasks: list[str], strength: float
    ) -> "ValueRates":
        """Rates with the totals that `arrays` gave; they know no parts."""
        found = cls(0, tasks, 1, strength)
        found._totals = {name: value for name, value in arrays.items() if name != "prior"}
        found._prior = dict(zip(tasks, arrays["prior"].tolist(), strict=True))
        return found

    def _of(self, what: str, task: str, ids: Ids, folds: Ids | None) -> Floats:
        total = self._totals[f"{what}/{task}"][ids]
        if folds is None:
            return np.asarray(total)
        part = self._labels[task] if what == "labels" else self._positives[task]
        return np.asarray(total - part[_beside(folds, ids), ids])

    def _places(self, ids: Ids, folds: Ids) -> tuple[npt.NDArray[np.int64], Ids]:
        """Where each value that is there counts, and the impression that it is of."""
        flat = ids.reshape(len(ids), -1)
        row, column = np.nonzero(flat)
        return folds[row].astype(np.int64) * self._rows + flat[row, column], row

    def _add(self, counts: Floats, at: npt.NDArray[np.int64], weights: Floats | None) -> None:
        added = np.bincount(at, weights, minlength=self._folds * self._rows)
        counts += added.reshape(counts.shape).astype(np.float32)


def _beside(folds: Ids, ids: Ids) -> Ids:
    """The folds, for every id of their rows."""
    return np.asarray(folds.reshape(-1, *[1] * (ids.ndim - 1)))
