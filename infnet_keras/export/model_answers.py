"""What a model itself answers to requests, in this process and on its backend."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from infnet_keras.errors import ExportError
from infnet_keras.export.sample_requests import Columns
from infnet_keras.features import RawInput, RowTransform
from infnet_keras.features.raw_inputs import served_inputs
from infnet_keras.served_names import CANDIDATE_COUNT

BATCH = 64


def answers(
    model: Any, transform: RowTransform, raw: Columns, attention_rows: int = 0
) -> tuple[Columns, Columns]:
    """The answers to rows, and the attention of the first of them.

    The ids come from the NumPy transform.

    Args:
        model: a float32 model on any backend.
        transform: the model's row transform.
        raw: served name -> column: every input of rows of the log, or those that requests hold.
        attention_rows: how many rows' attention is wanted.

    Returns:
        Task -> float32 [rows], and task -> float32 [attention_rows, tokens]; the latter empty where
        none is wanted or the model has none.

    Raises:
        ExportError: the model gives an answer or a weight that is no finite number.
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
            if weights is not None and start == 0 and attention_rows:
                array = keras.ops.convert_to_numpy(weights)[: min(attention_rows, count)]
                attention = {task: array[:, index] for index, task in enumerate(model.tasks)}
    found = {task: np.concatenate(values) for task, values in parts.items()}
    for answer in (found, attention):
        _check_finite(answer)
    return found, attention


def rank_answers(model: Any, transform: RowTransform, rank: Columns) -> Columns:
    """The scores of a ranking request: the model scores each candidate as a row of its own.

    Args:
        model: as in `answers`, like `transform`.
        rank: a request of the signature `rank`, under the served names.

    Returns:
        Task -> float32 [requests, candidates], 0 past a request's `candidate_count`.

    Raises:
        ExportError: as `answers` raises it.
    """
    pairs = _pairs(rank, served_inputs(transform.spec, transform.sent))
    scores, _ = answers(model, transform, pairs)
    counts = rank[CANDIDATE_COUNT]
    shape = (len(counts), len(next(iter(scores.values()))) // len(counts))
    listed = np.arange(shape[1]) < counts[:, None]
    return {task: np.where(listed, s.reshape(shape), np.float32(0)) for task, s in scores.items()}


def _pairs(rank: Columns, inputs: list[RawInput]) -> Columns:
    """One row for every (request, candidate)."""
    item = next(i.name for i in inputs if i.side == "item")
    candidates = rank[item].shape[1]
    return {
        i.name: rank[i.name].reshape(-1)
        if i.side == "item"
        else np.repeat(rank[i.name], candidates, axis=0)
        for i in inputs
    }


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
