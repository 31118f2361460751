"""A model's predictions on any Keras-style data set."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.evaluation.predict import regressions_of
from infnet_keras.evaluation.predictions import Predictions


def predict_dataset(
    model: Any,
    dataset: Iterable[Any],
    users: npt.ArrayLike | str,
    tasks: Sequence[str] | None = None,
) -> Predictions:
    """Predict every row of a data set once, in its order.

    Args:
        model: a Keras model that has been built or called: its outputs are one score per row and
            task, a dict by task, a list in the order of `tasks`, or a single tensor.
        dataset: batches of (inputs, labels) or (inputs, labels, sample weights), which are ignored;
            a `keras.utils.PyDataset` is read by index. Labels have the form of the outputs. Of a
            dict, more labels than tasks are ignored.
        users: int [rows], the user of each row in the data set's order; or the name of the input
            that holds it.
        tasks: names of the tasks; None takes the keys of the outputs, which are a dict then.

    Returns:
        Labels, scores and users of all rows.

    Raises:
        DataError: the data set is empty or has other tasks, or there are not as many users as rows.

    Example:
        >>> model = keras.Sequential([keras.layers.Flatten()])
        >>> batches = [(np.array([[0.2], [0.9]]), np.array([0.0, 1.0]))]
        >>> predict_dataset(model, batches, users=np.array([3, 3]), tasks=["click"]).probabilities
        {'click': array([0.2, 0.9], dtype=float32)}
    """
    labels: list[dict[str, Any]] = []
    scores: list[dict[str, Any]] = []
    read_users: list[Any] = []
    for batch in _batches(dataset):
        inputs, targets = batch[0], batch[1]
        outputs = model.predict_on_batch(inputs)
        found = _by_task(outputs, tasks, "outputs")
        scores.append(found)
        given = _by_task(targets, list(found), "labels")
        labels.append({task: given[task] for task in found})
        if isinstance(users, str):
            read_users.append(_column(inputs, users))
    if not scores:
        raise DataError("the data set to predict holds no batch")
    names = list(scores[0])
    user_array = np.concatenate(read_users) if isinstance(users, str) else np.asarray(users)
    return Predictions(
        {task: np.concatenate([part[task] for part in labels]) for task in names},
        {task: np.concatenate([part[task] for part in scores]) for task in names},
        user_array,
        regressions_of(model) & frozenset(names),
    )


def _batches(dataset: Any) -> Iterable[Any]:
    if hasattr(dataset, "__getitem__") and hasattr(dataset, "num_batches"):
        return (dataset[index] for index in range(dataset.num_batches))
    return dataset if isinstance(dataset, Iterable) else iter(dataset)


def _by_task(values: Any, tasks: Sequence[str] | None, what: str) -> dict[str, Any]:
    """Task -> float32 [rows]."""
    if isinstance(values, Mapping):
        names = list(values) if tasks is None else list(tasks)
        missing = [task for task in names if task not in values]
        if missing:
            raise DataError(f"{what} of {', '.join(values)} hold none of {', '.join(missing)}")
        parts = [values[task] for task in names]
    else:
        parts = list(values) if isinstance(values, (list, tuple)) else [values]
        names = [] if tasks is None else list(tasks)
        if len(names) != len(parts):
            raise DataError(
                f"{len(parts)} {what} without names meet {len(names)} names of tasks; say "
                "`tasks`, one name per output"
            )
    return {
        task: np.asarray(part, np.float32).reshape(-1)
        for task, part in zip(names, parts, strict=True)
    }


def _column(inputs: Any, name: str) -> Any:
    if not isinstance(inputs, Mapping) or name not in inputs:
        names = ", ".join(inputs) if isinstance(inputs, Mapping) else "without names"
        raise DataError(f"users are read from input {name!r}, which is not among inputs {names}")
    return np.asarray(inputs[name]).reshape(-1)
