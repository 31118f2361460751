"""Steps on torch: recorded ones, and one that moves single rows or that replicas take together."""

from collections.abc import Callable
from typing import Any

import keras
import torch

from infnet_keras.devices.captured_step import CapturedStep
from infnet_keras.devices.one_copy import in_one_copy
from infnet_keras.layers.embeddings.lookup import gather


def recorded(model: Any, step: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """The step as a CUDA graph; as it is where the host must see what the device computes.

    That is so for a loss scale that moves, ids dropped by a seed, and replicas of a model, whose
    processes meet within the step.

    Args:
        model: a `RowWiseModel`, compiled.
        step: runs its step on a batch.
    """
    scaled = hasattr(model.optimizer, "inner_optimizer")
    drawn = model.embedded_inputs.id_dropout > 0.0
    if not _records(model) or scaled or drawn or model.replica:
        return step
    return CapturedStep(step)


def recorded_prediction(
    model: Any, step: Callable[[Any], dict[str, Any]]
) -> Callable[[Any], dict[str, Any]]:
    """The prediction of a batch as a CUDA graph, where training is one.

    Args:
        model: a `RowWiseModel`.
        step: predicts a batch.
    """
    if not _records(model):
        return step
    captured, device = CapturedStep(step), model.weights[0].value.device

    def predict(data: Any) -> dict[str, Any]:
        brought = in_one_copy(data, device)
        return captured(keras.tree.map_structure(keras.ops.convert_to_tensor, brought))

    return predict


def _records(model: Any) -> bool:
    weights = model.weights
    on_a_gpu = bool(weights) and weights[0].value.device.type == "cuda"
    return on_a_gpu and model.cuda_graph and not (model.run_eagerly or model.jit_compile)


def train_step(model: Any, data: Any) -> dict[str, Any]:
    """As `keras.Model.train_step` on torch.

    Args:
        model: a `RowWiseModel` with `row_updates`, or one that was replicated, or both.
        data: a batch, of which each replica has its share.

    Returns:
        The metrics.
    """
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    lookups, rows = {}, None
    if model.row_updates is not None:
        with torch.no_grad():
            lookups = model.embedded_inputs.lookups(model.inputs_of(x), training=True)
            rows = gather(lookups)
        for each in rows.values():
            each.requires_grad_(True)
    model.zero_grad()
    loss, answers = model.scaled_loss(x, y, sample_weight, rows)
    loss.backward()
    with torch.no_grad():
        trainable = model.trainable_variables
        gradients = [variable.value.grad for variable in trainable]
        if rows is not None:
            row_gradients = {
                name: torch.zeros_like(each) if each.grad is None else each.grad
                for name, each in rows.items()
            }
            gradients = model.move_rows(lookups, row_gradients, gradients)
        model.optimizer.apply(gradients, trainable)
    logs: dict[str, Any] = model.compute_metrics(x, y, answers, sample_weight)
    return logs
