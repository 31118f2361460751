"""A model's predictions on a split of prepared data."""

from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.data.prepared import PreparedData, Split
from infnet_keras.data.reader import ImpressionReader
from infnet_keras.errors import DataError
from infnet_keras.evaluation.predictions import Predictions


def predict_split(
    model: Any, prepared: PreparedData, split: Split, batch_size: int = 4096
) -> Predictions:
    """Predict every impression of a split, once, in the reader's order.

    Args:
        model: a built multi-task model (dict of inputs -> dict of task -> [batch]).
        prepared: the data.
        split: "train", "valid" or "test".
        batch_size: impressions at a time.

    Returns:
        Labels, probabilities and users of the split.

    Raises:
        DataError: the split has no impressions, or no labels of a task of the model.
    """
    reader = ImpressionReader(prepared, split, batch_size)
    labels: list[dict[str, Any]] = []
    outputs: list[dict[str, Any]] = []
    users: list[npt.NDArray[np.int64]] = []
    for batch in reader.batches():
        rows = len(batch.users)
        # A compiled step is compiled again for another batch size: the last one is filled up.
        inputs = _filled(batch.inputs, batch_size) if outputs else batch.inputs
        probabilities = model.predict_on_batch(inputs)
        unknown = [task for task in probabilities if task not in batch.labels]
        if unknown:
            raise DataError(
                f"the prepared data have no labels of {', '.join(unknown)}, which the model "
                f"predicts; they have {', '.join(batch.labels)}"
            )
        outputs.append({task: np.asarray(p)[:rows] for task, p in probabilities.items()})
        labels.append(batch.labels)
        users.append(batch.users)
    tasks = [task for task in labels[0] if task in outputs[0]]  # a compiled dict is sorted
    return Predictions(
        {task: np.concatenate([part[task] for part in labels]) for task in tasks},
        {task: np.concatenate([part[task] for part in outputs]) for task in tasks},
        np.concatenate(users),
    )


def _filled(inputs: dict[str, Any], rows: int) -> dict[str, Any]:
    """Inputs of that many rows: the last row is repeated."""
    return {
        name: np.concatenate([ids, np.repeat(ids[-1:], rows - len(ids), axis=0)])
        for name, ids in inputs.items()
    }
