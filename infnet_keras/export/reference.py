"""What the model itself gives on the example rows: the parity check's other side."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from infnet_keras.errors import ExportError
from infnet_keras.export.sample_requests import Columns, rank_request
from infnet_keras.features.raw_inputs import RawInput
from infnet_keras.features.row_transform import RowTransform

BATCH = 64
CANDIDATES = 3


def write_reference(
    path: Path,
    model: Any,
    transform: RowTransform,
    raw: Mapping[str, npt.NDArray[Any]],
    inputs: Sequence[RawInput],
) -> None:
    """Write example requests and the model's own probabilities, for `parity` to compare.

    The ids come from the NumPy transform and the probabilities from the model in this process, on
    its backend. A ranking request has up to 3 candidates (the items of the row itself and of those
    after it), of which 0, 1, 2 or 3 count; the model scores each as a row of its own.

    Args:
        path: the JSON file to write.
        model: a float32 model on any backend.
        transform: the model's row transform.
        raw: example rows, raw input name -> column.
        inputs: the raw inputs of the spec.

    Raises:
        ExportError: the model gives a probability that is no finite number.
    """
    count = len(raw[inputs[0].name])
    rows = np.arange(count)
    candidates = (rows[:, None] + np.arange(min(CANDIDATES, count))) % count
    counts = rows % (candidates.shape[1] + 1)
    rank = rank_request(raw, inputs, rows, candidates, counts)
    pairs = {
        i.name: rank[i.name].reshape(-1)
        if i.side == "item"
        else np.repeat(rank[i.name], candidates.shape[1], axis=0)
        for i in inputs
    }
    scores = {
        task: value.reshape(candidates.shape)
        for task, value in _probabilities(model, transform, pairs).items()
    }
    listed = np.arange(candidates.shape[1]) < counts[:, None]
    content = {
        "inputs": inputs,
        "predict": _lists(raw),
        "rank": _lists(rank),
        "probabilities": _lists(_probabilities(model, transform, dict(raw))),
        "scores": _lists({task: np.where(listed, s, 0.0) for task, s in scores.items()}),
    }
    path.write_text(json.dumps(content), encoding="utf-8")


def _probabilities(model: Any, transform: RowTransform, raw: Columns) -> Columns:
    parts: dict[str, list[npt.NDArray[Any]]] = {}
    count = len(next(iter(raw.values())))
    with _full_precision():
        for start in range(0, count, BATCH):
            chunk = {name: column[start : start + BATCH] for name, column in raw.items()}
            for task, value in model(transform(chunk), training=False).items():
                parts.setdefault(task, []).append(keras.ops.convert_to_numpy(value))
    whole = {task: np.concatenate(values) for task, values in parts.items()}
    for task, values in whole.items():
        if not np.isfinite(values).all():
            raise ExportError(
                f"the model gives {values[~np.isfinite(values)][0]} for task {task}: its weights "
                "are not usable; was its training cut short or did it diverge?"
            )
    return whole


def _lists(columns: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
    return {name: column.tolist() for name, column in columns.items()}


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

        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)
    else:
        import tensorflow as tf

        before = tf.config.experimental.tensor_float_32_execution_enabled()
        tf.config.experimental.enable_tensor_float_32_execution(False)
        try:
            yield
        finally:
            tf.config.experimental.enable_tensor_float_32_execution(before)
