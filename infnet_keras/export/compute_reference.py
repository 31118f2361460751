"""Runs the model itself on the example rows, in this process and on its backend."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from infnet_keras.errors import ExportError
from infnet_keras.export.reference import Reference
from infnet_keras.export.sample_requests import Columns, rank_request
from infnet_keras.features import RawInput, RowTransform
from infnet_keras.spec import dump_spec

BATCH = 64
CANDIDATES = 3


def compute_reference(model: Any, transform: RowTransform, raw: Columns) -> Reference:
    """The model's probabilities for example rows and for ranking requests made of them.

    The ids come from the NumPy transform. A ranking request has up to 3 candidates (the items of
    its own row and of those after it), of which 0, 1, 2 or 3 count; the model scores each as a row
    of its own.

    Args:
        model: a float32 model on any backend.
        transform: the model's row transform.
        raw: example rows, raw input name -> column.

    Returns:
        The requests and what the model gives for them.

    Raises:
        ExportError: the model gives a probability that is no finite number.
    """
    inputs = transform.inputs
    rank: Columns = {}
    scores: Columns = {}
    if any(i.side == "item" for i in inputs):
        rows = np.arange(len(raw[inputs[0].name]))
        candidates = (rows[:, None] + np.arange(min(CANDIDATES, len(rows)))) % len(rows)
        counts = rows % (candidates.shape[1] + 1)
        rank = rank_request(raw, inputs, rows, candidates, counts)
        listed = np.arange(candidates.shape[1]) < counts[:, None]
        for task, flat in _probabilities(model, transform, _rows_of(rank, inputs)).items():
            scores[task] = np.where(listed, flat.reshape(listed.shape), np.float32(0))
    probabilities = _probabilities(model, transform, raw)
    return Reference(dump_spec(transform.spec), inputs, raw, rank, probabilities, scores)


def _rows_of(rank: Columns, inputs: list[RawInput]) -> Columns:
    """One row for every (request, candidate)."""
    item = next(i.name for i in inputs if i.side == "item")
    candidates = rank[item].shape[1]
    return {
        i.name: rank[i.name].reshape(-1)
        if i.side == "item"
        else np.repeat(rank[i.name], candidates, axis=0)
        for i in inputs
    }


def _probabilities(model: Any, transform: RowTransform, raw: Columns) -> Columns:
    parts: dict[str, list[npt.NDArray[Any]]] = {}
    count = len(raw[transform.inputs[0].name])
    call = _compiled(model)
    with _full_precision():
        for start in range(0, count, BATCH):
            rows = np.arange(start, start + BATCH) % count  # one shape, compiled once
            chunk = {name: column[rows] for name, column in raw.items()}
            for task, value in call(transform(chunk)).items():
                array = keras.ops.convert_to_numpy(value)[: count - start]
                parts.setdefault(task, []).append(array)
    whole = {task: np.concatenate(values) for task, values in parts.items()}
    for task, values in whole.items():
        if not np.isfinite(values).all():
            raise ExportError(
                f"the model gives {values[~np.isfinite(values)][0]} for task {task}, so its "
                "weights cannot be served: did its training diverge?"
            )
    return whole


def _compiled(model: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The model as a function of its inputs, on JAX compiled as a whole: it is slow without."""
    if keras.backend.backend() != "jax":
        return partial(model, training=False)
    import jax

    @jax.jit
    def call(trainable: Any, other: Any, inputs: dict[str, Any]) -> Any:
        return model.stateless_call(trainable, other, inputs, training=False)[0]

    trainable = [variable.value for variable in model.trainable_variables]
    other = [variable.value for variable in model.non_trainable_variables]
    return partial(call, trainable, other)


@contextmanager
def _full_precision() -> Iterator[None]:
    """Multiply in float32: an accelerator may round the factors to TensorFloat-32 by default."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        with jax.default_matmul_precision("highest"):
            yield
    elif backend == "torch":
        import torch

        precision = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(precision)
    else:
        import tensorflow as tf

        enabled = tf.config.experimental.tensor_float_32_execution_enabled()
        tf.config.experimental.enable_tensor_float_32_execution(False)
        try:
            yield
        finally:
            tf.config.experimental.enable_tensor_float_32_execution(enabled)
