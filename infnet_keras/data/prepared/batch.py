"""A batch of impressions."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Inputs = npt.NDArray[Any]  # ids, or the numbers of a numeric field


class Batch(NamedTuple):
    """A batch of B impressions.

    `weights`: float32 [B] by task, what an impression weighs in its loss; empty where all weigh
    alike.

    `inputs`: int32 by name, a field [B] or [B, max_values], a sequence feature [B, length] or
    [B, length, max_values]; of a numeric field float32 [B], NaN where it is missing. `labels`:
    float32 [B] by task, NaN where there is none. `users`: int64 [B] codes, for grouped metrics.
    """

    inputs: dict[str, Inputs]
    labels: dict[str, npt.NDArray[np.float32]]
    users: npt.NDArray[np.int64]
    weights: dict[str, npt.NDArray[np.float32]] = {}  # noqa: RUF012  (never changed in place)

    def first(self, rows: int) -> "Batch":
        """The batch cut to its first rows."""
        return Batch(
            {name: ids[:rows] for name, ids in self.inputs.items()},
            {task: labels[:rows] for task, labels in self.labels.items()},
            self.users[:rows],
            {task: weights[:rows] for task, weights in self.weights.items()},
        )

    def taken(self, rows: npt.NDArray[np.int64]) -> "Batch":
        """Some rows of the batch, in this order."""
        return Batch(
            {name: ids[rows] for name, ids in self.inputs.items()},
            {task: labels[rows] for task, labels in self.labels.items()},
            self.users[rows],
            {task: weights[rows] for task, weights in self.weights.items()},
        )

    def filled(self, rows: int) -> "Batch":
        """The batch with rows of padding appended: ids and numbers 0, labels NaN (which no loss
        counts), user -1. A compiled step is compiled again for every other batch size.
        """
        more = rows - len(self.users)
        if more <= 0:
            return self
        return Batch(
            {
                name: np.concatenate([ids, np.zeros((more, *ids.shape[1:]), ids.dtype)])
                for name, ids in self.inputs.items()
            },
            {
                task: np.concatenate([labels, np.full(more, np.nan, np.float32)])
                for task, labels in self.labels.items()
            },
            np.concatenate([self.users, np.full(more, -1)]),
            {
                task: np.concatenate([weights, np.zeros(more, np.float32)])
                for task, weights in self.weights.items()
            },
        )


def concatenated(parts: list[Batch]) -> Batch:
    """Several batches as one."""
    return Batch(
        {name: np.concatenate([p.inputs[name] for p in parts]) for name in parts[0].inputs},
        {name: np.concatenate([p.labels[name] for p in parts]) for name in parts[0].labels},
        np.concatenate([p.users for p in parts]),
        {name: np.concatenate([p.weights[name] for p in parts]) for name in parts[0].weights},
    )
