"""A multi-task model whose tables may be trained row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import keras
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers import EmbeddedInputs
from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.models.multi_task_model import MultiTaskModel
from infnet_keras.row_updates import RowUpdates


class RowWiseModel(MultiTaskModel):
    """A model with `embedded_inputs` whose tables have an optimiser of their own, or none.

    With `row_updates` a training step gathers the rows that the batch reads, differentiates with
    respect to them, and moves them and their slots alone; the tables are no trainable variables,
    and the optimiser never sees them. The clipping of the global norm and loss scaling span both.
    Without it the tables are weights like any other.

    Args:
        *args, **kwargs: of `MultiTaskModel`.

    Attributes:
        embedded_inputs: the layer that owns every embedding table.
        row_updates: the tables' optimiser, or None.
        replica: calls the model in training as one of several processes' replicas, or None.
        cuda_graph: whether torch records a step of training, or of prediction, as a CUDA graph,
            where it can.
    """

    embedded_inputs: EmbeddedInputs
    train_function: Any
    predict_function: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row_updates: RowUpdates | None = None
        self.replica: Callable[..., Any] | None = None
        self.cuda_graph = True

    def replicate(self) -> None:
        """Train as one of the replicas that several processes hold (see `run_in_processes`).

        Weights are those of the first process from now on, and each step's gradients the mean over
        the processes.
        """
        from infnet_keras.devices.torch_replica import torch_replica

        self.replica = torch_replica(self)

    def compile(self, optimizer: Any = "adam", loss: Any = None, **kwargs: Any) -> None:
        """As `MultiTaskModel.compile`.

        Raises:
            ModelError: the optimiser does what has no meaning for single rows.
        """
        super().compile(optimizer, loss, **kwargs)
        if self.row_updates is None:
            return
        plain: Any = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        for argument in ("clipnorm", "clipvalue", "use_ema", "gradient_accumulation_steps"):
            if getattr(plain, argument):
                raise ModelError(
                    f"tables that are trained row by row take no `{argument}` of the optimiser: "
                    "it has no meaning for the rows of one step; leave it out, or take "
                    "`training.tables.optimizer: dense`"
                )

    def make_train_function(self, force: bool = False) -> None:
        """Keras' hook: makes what runs a step, on torch a recorded one where that is possible."""
        made = self.train_function
        super().make_train_function(force)
        if self.train_function is not made and keras.backend.backend() == "torch":
            from infnet_keras.models.row_wise.torch_step import recorded

            self.train_function = recorded(self, self.train_function)

    def make_predict_function(self, force: bool = False) -> Any:
        """Keras' hook: as `make_train_function`, of predictions."""
        made = self.predict_function
        found = super().make_predict_function(force)
        if self.predict_function is not made and keras.backend.backend() == "torch":
            from infnet_keras.models.row_wise.torch_step import recorded_prediction

            self.predict_function = recorded_prediction(self, self.predict_function)
        return found

    def train_step(self, *arguments: Any) -> Any:
        """Keras' hook: one step of training."""
        if self.row_updates is None and self.replica is None:
            return super().train_step(*arguments)
        # Each module imports its own framework.
        step = import_module(f"infnet_keras.models.row_wise.{keras.backend.backend()}_step")
        return step.train_step(self, *arguments)

    def scaled_loss(
        self, x: Any, y: Any, sample_weight: Any, rows: Mapping[str, Any] | None
    ) -> Any:
        """The loss that a step differentiates, and the answers; counts the loss that is shown.

        Args:
            x, y, sample_weight: of a batch.
            rows: what was gathered for it; None where the tables are weights like any other.
        """
        answers = (self.replica or self)(x, training=True, rows=rows)
        loss = self.compute_loss(x=x, y=y, y_pred=answers, sample_weight=sample_weight)
        shown = next(metric for metric in self.metrics if metric.name == "loss")
        shown.update_state(loss, sample_weight=ops.shape(next(iter(answers.values())))[0])
        return self.optimizer.scale_loss(loss), answers

    def move_rows(
        self, lookups: Mapping[str, Any], row_gradients: Mapping[str, Any], gradients: list[Any]
    ) -> list[Any]:
        """Move the rows of a step; the gradients of all other weights, clipped, for the optimiser.

        Args:
            lookups: what the step read.
            row_gradients: of the scaled loss, by the rows that were gathered.
            gradients: of the scaled loss, by the trainable variables; None where there is none.
        """
        assert self.row_updates is not None
        summed = self.row_updates.sum_repeated(lookups, row_gradients)
        optimizer: Any = self.optimizer
        if not optimizer.built:
            optimizer.build(self.trainable_variables)
        plain: Any = getattr(optimizer, "inner_optimizer", optimizer)
        scaled = plain is not optimizer
        scale: Any = ops.convert_to_tensor(optimizer.dynamic_scale) if scaled else 1.0
        if scaled or plain.global_clipnorm:
            given = [g for g in gradients if g is not None]
            norm = _norm([*given, *(total for _, total, _ in summed.values())]) / scale
            factor: Any = 1.0
            if plain.global_clipnorm:
                factor = ops.minimum(1.0, plain.global_clipnorm / ops.maximum(norm, _SMALL))
            if scaled:
                # A NaN tells the optimiser that a step with an infinity moves nothing.
                finite = ops.isfinite(norm)
                factor = ops.where(finite, factor, float("nan"))
                summed = {
                    name: (lookup, total, ops.logical_and(first, finite))
                    for name, (lookup, total, first) in summed.items()
                }
            gradients = [
                None if g is None else ops.cast(ops.cast(g, "float32") * factor, g.dtype)
                for g in gradients
            ]
            summed = {
                name: (lookup, total * ops.cast(factor / scale, total.dtype), first)
                for name, (lookup, total, first) in summed.items()
            }
        self.row_updates.apply(summed, plain.learning_rate, plain.iterations + 1)
        return gradients


_SMALL = 1e-30


def _norm(gradients: list[Any]) -> Any:
    """Of all gradients as one vector, in float32 at least."""
    return ops.sqrt(sum(ops.sum(ops.square(at_least_float32(each))) for each in gradients))
