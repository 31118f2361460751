"""A model's predictions on a split."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.batch import Batch
from infnet_keras.data.prepared.impressions import BatchReader, Impressions
from infnet_keras.devices.share import share
from infnet_keras.devices.whole_batch import from_all_devices, on_all_devices
from infnet_keras.errors import DataError
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.progress import Progress

# Labels and answers by task, and users, of a batch.
_Predicted = tuple[dict[str, Any], dict[str, Any], npt.NDArray[np.int64]]


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
        Labels, answers and users of the split.

    Raises:
        DataError: the split has no impressions, or no labels of a task of the model.
    """
    unknown = [task for task in model.tasks if task not in data.spec.tasks]
    if unknown:
        raise DataError(
            f"the data have no labels of {', '.join(unknown)}, which the model predicts; "
            f"they have {', '.join(data.spec.tasks)}"
        )
    reader = data.reader(split, batch_size)
    own: list[_Predicted] = []
    total = data.count(split)
    with (progress or Progress()).phase(f"predicting {split}", total, "impressions") as phase:
        for index, batch in _own_batches(reader):
            rows = len(batch.users)
            # A compiled step is compiled again for another batch size: the last one is filled up.
            inputs = (batch.filled(batch_size) if own else batch).inputs
            answers = model.predict_on_batch(on_all_devices(inputs))
            outputs = {task: np.asarray(each)[:rows] for task, each in answers.items()}
            own.append((batch.labels, outputs, batch.users))
            phase.advance(min(total, (index + 1) * batch_size))
    parts = _in_turn(from_all_devices(own))
    return Predictions(
        {task: np.concatenate([labels[task] for labels, _, _ in parts]) for task in model.tasks},
        {task: np.concatenate([outputs[task] for _, outputs, _ in parts]) for task in model.tasks},
        np.concatenate([users for _, _, users in parts]),
        regressions_of(model),
    )


def regressions_of(model: Any) -> frozenset[str]:
    """The tasks of a model whose answer is a number; none of a model that knows no kinds."""
    kinds = getattr(model, "task_kinds", {})
    return frozenset(task for task, kind in kinds.items() if kind == "regression")


def _own_batches(reader: BatchReader) -> Iterator[tuple[int, Batch]]:
    """Batches that this process predicts, and their numbers."""
    if share().devices == 1:
        yield from enumerate(reader.batches())
        return
    for index in range(share().rank, len(reader), share().devices):
        yield index, reader.batch(index)


def _in_turn(found: list[list[_Predicted]]) -> list[_Predicted]:
    """The batches of all processes, which took turns, in the order of the reader."""
    return [batch for turn in zip_longest(*found) for batch in turn if batch is not None]
