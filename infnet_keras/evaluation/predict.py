"""A model's predictions on a split."""

from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.errors import DataError
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.progress import Progress


def predict_split(
    model: Any,
    data: Impressions,
    split: Split,
    batch_size: int = 4096,
    progress: Progress | None = None,
) -> Predictions:
    """Predict every impression of a split, once, in the reader's order.

    Args:
        model: a MultiTaskModel.
        data: prepared data, or others with their methods.
        split: "train", "valid" or "test".
        batch_size: impressions at a time.
        progress: says how far it is; None for silence.

    Returns:
        Labels, probabilities and users of the split.

    Raises:
        DataError: the split has no impressions, or no labels of a task of the model.
    """
    unknown = [task for task in model.tasks if task not in data.spec.tasks]
    if unknown:
        raise DataError(
            f"the data have no labels of {', '.join(unknown)}, which the model predicts; "
            f"they have {', '.join(data.spec.tasks)}"
        )
    labels: list[dict[str, Any]] = []
    outputs: list[dict[str, Any]] = []
    users: list[npt.NDArray[np.int64]] = []
    done, total = 0, data.count(split)
    with (progress or Progress()).phase(f"predicting {split}", total, "impressions") as phase:
        for batch in data.reader(split, batch_size).batches():
            rows = len(batch.users)
            # A compiled step is compiled again for another batch size: the last one is filled up.
            inputs = (batch.filled(batch_size) if outputs else batch).inputs
            probabilities = model.predict_on_batch(inputs)
            outputs.append({task: np.asarray(p)[:rows] for task, p in probabilities.items()})
            labels.append(batch.labels)
            users.append(batch.users)
            done += rows
            phase.advance(done)
    return Predictions(
        {task: np.concatenate([part[task] for part in labels]) for task in model.tasks},
        {task: np.concatenate([part[task] for part in outputs]) for task in model.tasks},
        np.concatenate(users),
    )
