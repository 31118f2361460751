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
from infnet_keras.features.raw_inputs import served_inputs
from infnet_keras.spec import dump_spec

BATCH = 64
CANDIDATES = 3
ATTENTION_ROWS = 32  # weights are many: one a task and token


def compute_reference(model: Any, transform: RowTransform, raw: Columns) -> Reference:
    """The model's probabilities for example rows and for ranking requests made of them, and its
    attention.

    The ids come from the NumPy transform. A ranking request has up to 3 candidates (the items of
    its own row and of those after it), of which 0, 1, 2 or 3 count; the model scores each as a row
    of its own.

    Args:
        model: a float32 model on any backend.
        transform: the model's row transform.
        raw: example rows of the log, raw input name -> column.

    Returns:
        The requests, under the served names, and what the model gives for them.

    Raises:
        ExportError: the model gives a probability or a weight that is no finite number.
    """
    served = transform.spec.served_names
    inputs = served_inputs(transform.spec, transform.sent)
    fixed = {served[name]: raw[name] for name in transform.fixed}
    raw = {served[given.name]: raw[given.name] for given in transform.sent}
    rank: Columns = {}
    scores: Columns = {}
    if any(i.side == "item" for i in inputs):
        rows = np.arange(len(raw[inputs[0].name]))
        candidates = (rows[:, None] + np.arange(min(CANDIDATES, len(rows)))) % len(rows)
        counts = rows % (candidates.shape[1] + 1)
        rank = rank_request(raw, inputs, rows, candidates, counts)
        listed = np.arange(candidates.shape[1]) < counts[:, None]
        flat_scores, _ = _answers(model, transform, _rows_of(rank, inputs), attention_rows=0)
        for task, flat in flat_scores.items():
            scores[task] = np.where(listed, flat.reshape(listed.shape), np.float32(0))
    probabilities, attention = _answers(model, transform, raw, ATTENTION_ROWS)
    logged: Columns = {}
    if fixed:
        logged, _ = _answers(model, transform, {**raw, **fixed}, attention_rows=0)
    return Reference(
        spec=dump_spec(transform.spec),
        inputs=served_inputs(transform.spec, transform.inputs),
        predict=raw,
        rank=rank,
        probabilities=probabilities,
        scores=scores,
        attention=attention,
        logged=fixed,
        logged_probabilities=logged,
    )


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


def _answers(
    model: Any, transform: RowTransform, raw: Columns, attention_rows: int
) -> tuple[Columns, Columns]:
    """Task -> probability of every row, and task -> attention of the first rows.

    Rows of the log hold every input, rows of requests those that are sent.
    """
    parts: dict[str, list[npt.NDArray[Any]]] = {}
    attention: Columns = {}
    served = transform.spec.served_names
    names = [given.name for given in transform.inputs if served[given.name] in raw]
    ids_of = transform if len(names) == len(transform.inputs) else transform.of_requests
    count = len(next(iter(raw.values())))
    call = _compiled(model)
    with _full_precision():
        for start in range(0, count, BATCH):
            rows = np.arange(start, start + BATCH) % count  # one shape, compiled once
            chunk = {name: raw[served[name]][rows] for name in names}
            outputs, weights = call(ids_of(chunk))
            for task, value in outputs.items():
                array = keras.ops.convert_to_numpy(value)[: count - start]
                parts.setdefault(task, []).append(array)
            if weights is not None and start == 0:
                array = keras.ops.convert_to_numpy(weights)[: min(attention_rows, count)]
                attention = {task: array[:, index] for index, task in enumerate(model.tasks)}
    probabilities = {task: np.concatenate(values) for task, values in parts.items()}
    for answer in (probabilities, attention):
        _check_finite(answer)
    return probabilities, attention


def _check_finite(answer: Columns) -> None:
    for task, values in answer.items():
        if not np.isfinite(values).all():
            raise ExportError(
                f"the model gives {values[~np.isfinite(values)][0]} for task {task}, so its "
                "weights cannot be served: did its training diverge?"
            )


def _compiled(model: Any) -> Callable[[dict[str, Any]], tuple[dict[str, Any], Any]]:
    """The model's outputs and its attention, if it has any, as a function of its inputs; on JAX
    compiled as a whole: it is slow without."""

    def answer(inputs: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        return model(inputs, training=False), model.token_weights(inputs)

    if keras.backend.backend() != "jax":
        return answer
    import jax

    @jax.jit
    def call(values: Any, inputs: dict[str, Any]) -> Any:
        with keras.StatelessScope(zip(model.variables, values, strict=True)):
            return answer(inputs)

    return partial(call, [variable.value for variable in model.variables])


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
