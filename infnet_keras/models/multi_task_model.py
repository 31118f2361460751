"""What every multi-task model shares: its losses, their weights, how it is compiled."""

import inspect
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from infnet_keras.devices.whole_batch import whole_batch, whole_batches
from infnet_keras.errors import ModelError
from infnet_keras.losses import TaskUncertainty
from infnet_keras.losses.task_losses import TASK_LOSSES
from infnet_keras.models.learn_steps import LearnSteps
from infnet_keras.models.optimizer import schedule_of


class MultiTaskModel(keras.Model):
    """A model whose output is one answer [batch] per task: the probability of a binary one, a
    regression's number in the label's own unit.

    `compile(optimizer)` needs no more: each task gets the loss of its kind, for a binary one a
    masked cross-entropy, for a regression a masked Huber or squared error (a NaN label leaves the
    loss), summed by the tasks' weights. Subclasses implement `build`, `call` (inputs -> dict of
    task -> [batch]) and `get_config`.

    Args:
        task_weights: task -> weight of its loss; the order is the tasks' order.
        weighting: "fixed" sums weight * loss. "uncertainty" learns a log variance per task on top
            (attribute `task_uncertainty`, trained and saved with the model, never read by
            `call`); a constant weight then only scales the loss that the variance adapts to.
            Under either, weight 0 leaves a task out of the loss.
        task_kinds: task -> kind, as `TASK_LOSSES` names them; "binary" where a task is not named.
        loss_options: task -> further arguments of its loss, as a regression's `scale`.
        auxiliary_weights: name -> weight of each auxiliary loss that `call` adds in training by
            `add_auxiliary_losses`; they stand outside the tasks' weighting and are reported as
            `{name}_loss`, unweighted.
        loss_reduction: how a batch's losses become one, as `MaskedBinaryCrossentropy` names it; it
            matters where rows have sample weights.
        **kwargs: of `keras.Model`.

    Labels are a dict of task -> float32 [batch], 0.0, 1.0 or NaN of a binary task, a number or NaN
    of a regression; more keys than the tasks are ignored, a missing one is a ModelError.

    Reference:
        arXiv 2508.11565, L = sum_i lambda_i BCE_i; lambda tuned or by uncertainty weighting.
    """

    def __init__(
        self,
        task_weights: Mapping[str, float],
        weighting: str = "fixed",
        task_kinds: Mapping[str, str] | None = None,
        loss_options: Mapping[str, Mapping[str, Any]] | None = None,
        auxiliary_weights: Mapping[str, float] | None = None,
        loss_reduction: str = "sum_over_batch_size",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if weighting not in ("fixed", "uncertainty"):
            raise ModelError(f"weighting is 'fixed' or 'uncertainty', not {weighting!r}")
        self.task_weights = {task: float(weight) for task, weight in task_weights.items()}
        self.weighting = weighting
        self.loss_reduction = loss_reduction
        self.task_kinds = {task: (task_kinds or {}).get(task, "binary") for task in task_weights}
        self.loss_options = {task: dict(given) for task, given in (loss_options or {}).items()}
        self.auxiliary_weights = {n: float(w) for n, w in (auxiliary_weights or {}).items() if w}
        self.auxiliary_trackers = {
            name: keras.metrics.Mean(name=f"{name}_loss") for name in self.auxiliary_weights
        }
        self.task_uncertainty: TaskUncertainty | None = None
        if weighting == "uncertainty":
            # Small losses and their weights stay out of half precision. The variables have a known
            # shape and no input: subclasses' `build` need not know of them.
            self.task_uncertainty = TaskUncertainty(
                self._counted_tasks, dtype=self._loss_dtype, name="task_uncertainty"
            )
            self.task_uncertainty.build()
            self.task_losses = {task: self._task_loss(task) for task in self._counted_tasks}
            self.task_loss_trackers = {
                task: keras.metrics.Mean(name=f"{task}_loss") for task in self._counted_tasks
            }

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks, in the spec's order."""
        return list(self.task_weights)

    def compile(self, optimizer: Any = "adam", loss: Any = None, **kwargs: Any) -> None:
        """Compile with the tasks' losses; the arguments are those of `keras.Model.compile`.

        Args:
            optimizer: a Keras optimiser or its name. The learnt log variances are exempt from
                its weight decay, which resets exemptions made before.
            loss: None takes the masked loss of every task's kind with the tasks' weights;
                another loss replaces it, under fixed weighting only.
            **kwargs: `metrics`, `jit_compile`, `run_eagerly`, ...
        """
        if self.task_uncertainty is not None:
            if loss is not None or kwargs.get("loss_weights") is not None:
                raise ModelError(
                    "weighting: uncertainty brings its own losses and weights; compile without "
                    "`loss` and `loss_weights`, or use weighting: fixed"
                )
        elif loss is None:
            loss = {task: self._task_loss(task) for task in self.task_weights}
            if kwargs.get("loss_weights") is None:
                kwargs["loss_weights"] = dict(self.task_weights)
        optimizer = keras.optimizers.get(optimizer)
        if self.task_uncertainty is not None and optimizer.weight_decay and not optimizer.built:
            # Decay would pull every precision towards 1. Keras does not save what is exempt, so
            # this stands here, where loading passes too.
            optimizer.exclude_from_weight_decay(var_list=self.task_uncertainty.trainable_variables)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        """Train, as `keras.Model.fit`; a cosine schedule learns here how many steps there are.

        Every fit is a run of its own: its schedule begins anew, at the epoch `initial_epoch`.

        Raises:
            ModelError: the schedule needs to know the steps, and the data have no length; or its
                warm-up takes all of them.
        """
        self._make_variables()
        schedule = schedule_of(self.optimizer) if self.compiled else None
        if schedule is None or not schedule.learns:
            return super().fit(*args, **kwargs)
        given = inspect.signature(super().fit).bind(*args, **kwargs).arguments
        learn = LearnSteps(schedule, given.get("initial_epoch", 0))
        callbacks = given.get("callbacks") or []
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            several = isinstance(callbacks, list | tuple)
            given["callbacks"] = [learn, *(callbacks if several else [callbacks])]
            return super().fit(**given)
        # Keras takes a CallbackList as it is: model and parameters were set when it was made.
        learn.set_model(self)
        learn.set_params(callbacks.params)
        callbacks.callbacks.insert(0, learn)
        try:
            return super().fit(**given)
        finally:
            callbacks.callbacks.remove(learn)

    def _make_variables(self) -> None:
        """Make what training keeps: a first step of TensorFlow that makes it is traced twice."""
        if not (self.compiled and self.built) or self.optimizer.built:
            return
        self.optimizer.build(self.trainable_variables)
        example = {task: keras.ops.full((1,), 0.5) for task in self.tasks}
        self.compute_loss(x=example, y=example, y_pred=example, training=True)
        self.compute_metrics(example, example, example)
        self.reset_metrics()

    def add_auxiliary_losses(self, losses: Mapping[str, Any]) -> None:
        """Add the auxiliary losses of a training step; `call` does so once, and adds no other.

        Args:
            losses: name -> scalar, those of `auxiliary_weights`.
        """
        unknown = set(losses) ^ set(self.auxiliary_weights)
        if unknown:
            raise ModelError(
                f"auxiliary losses {', '.join(sorted(losses)) or 'none'} given, the weights are of "
                f"{', '.join(self.auxiliary_weights) or 'none'}"
            )
        for name, weight in self.auxiliary_weights.items():
            self.add_loss(weight * ops.cast(losses[name], self._loss_dtype))

    def get_compile_config(self) -> dict[str, Any]:
        """As Keras', without `jit_compile`: a file may be loaded on another backend."""
        config: dict[str, Any] = super().get_compile_config()
        config.pop("jit_compile", None)
        return config

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as the saved model was and create the optimiser's variables."""
        if not config:
            return
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The weighted sum of the tasks' losses, plus the layers' regularisation."""
        labels = self._labels(y)
        if training:
            labels, y_pred = whole_batches(labels), whole_batches(y_pred)
            sample_weight = _whole_weights(sample_weight)
        if training and self.auxiliary_weights:
            # The model's own losses come first in `losses`, before those of its layers.
            for (name, weight), loss in zip(
                self.auxiliary_weights.items(), self.losses, strict=False
            ):
                self.auxiliary_trackers[name].update_state(loss / weight)
        if self.task_uncertainty is None:
            return super().compute_loss(x, labels, y_pred, sample_weight, training)
        losses, present = {}, {}
        for task in self._counted_tasks:
            weight = sample_weight[task] if isinstance(sample_weight, dict) else sample_weight
            loss = self.task_losses[task](labels[task], y_pred[task], sample_weight=weight)
            self.task_loss_trackers[task].update_state(
                loss, sample_weight=ops.shape(y_pred[task])[0]
            )
            losses[task] = self.task_weights[task] * loss
            present[task] = ops.any(ops.logical_not(ops.isnan(labels[task])))
        total = self.task_uncertainty(losses, present)
        return total + sum(self._aggregate_additional_loss(loss) for loss in self.losses)

    @property
    def _counted_tasks(self) -> list[str]:
        return [task for task, weight in self.task_weights.items() if weight > 0]

    def _task_loss(self, task: str) -> Any:
        return TASK_LOSSES[self.task_kinds[task]](
            **self.loss_options.get(task, {}),
            reduction=self.loss_reduction,
            dtype=self._loss_dtype,
        )

    @property
    def _loss_dtype(self) -> str:
        return "float64" if self.variable_dtype == "float64" else "float32"

    def _labels(self, y: Any) -> dict[str, Any]:
        given = y if isinstance(y, Mapping) else {}
        missing = [task for task in self.task_weights if task not in given]
        if missing:
            found = f"labels of {', '.join(given)}" if given else f"{type(y).__name__}"
            raise ModelError(
                f"no labels for {', '.join(missing)}: the model takes a dict with one float array "
                f"[batch] per task ({', '.join(self.task_weights)}; NaN where a label is missing), "
                f"found {found}"
            )
        return {task: given[task] for task in self.task_weights}


def _whole_weights(weights: Any) -> Any:
    if weights is None:
        return None
    return whole_batches(weights) if isinstance(weights, Mapping) else whole_batch(weights)
