"""Exact AUC on the validation split: stops early and keeps the best model."""

from collections.abc import Callable
from typing import Any

import keras

from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.errors import DataError
from infnet_keras.evaluation import predict_split
from infnet_keras.evaluation.task_aucs import task_aucs
from infnet_keras.progress import Progress
from infnet_keras.training.run_directory import RunDirectory
from infnet_keras.training.task_collapse import TaskCollapse
from infnet_keras.training.training_state import Evaluation, TrainingState


class ValidationAUC(keras.callbacks.Callback):
    """Evaluates at the end of every epoch, and after given batches of it.

    Predicts the whole validation split, computes each task's exact AUC and gAUC on the host, of a
    regression XAUC, which is what AUC is of labels 0 and 1, measures on a sample of it whether the
    task tokens have collapsed, adds an `Evaluation` to the state and to `history.jsonl`, keeps the
    best model by mean AUC, and stops the fit after `patience` evaluations without a better one.

    Args:
        data: its split `valid` is read.
        tasks: the tasks to measure, in order.
        batch_size: impressions predicted at a time.
        patience: evaluations without a better mean AUC after which the fit stops.
        run: where the best model and the history go.
        state: the run's progress, which this callback adds to.
        report: called with every evaluation.
        progress: says how far an evaluation is.

    Raises:
        DataError: no task has two different labels in the split.
    """

    def __init__(
        self,
        data: Impressions,
        tasks: list[str],
        batch_size: int,
        patience: int,
        run: RunDirectory,
        state: TrainingState,
        report: Callable[[Evaluation], None],
        progress: Progress,
    ) -> None:
        super().__init__()
        self._data = data
        self._tasks = tasks
        self._batch_size = batch_size
        self._patience = patience
        self._run = run
        self._state = state
        self._report = report
        self._progress = progress
        self._epoch = 0
        self._collapse: TaskCollapse | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        if not self.model.stop_training:  # else an evaluation within the epoch was its last
            self.evaluate(self.params["steps"], logs)
        last = self._state.evaluations[-1]
        logs["val_auc"] = last.mean_auc  # for callbacks that record logs
        for name, values in (("auc", last.auc), ("xauc", last.xauc)):
            logs |= {f"val_{t}_{name}": value for t, value in values.items() if value is not None}

    def evaluate(self, batches: int, logs: dict[str, Any]) -> None:
        """Evaluate now.

        Args:
            batches: batches of this epoch that are done.
            logs: Keras' logs at this point; `loss` is recorded.
        """
        sync = getattr(self.model, "jax_state_sync", None)
        if sync is not None:  # under JAX a fit holds the weights, not the model
            sync()
        step = self._epoch * self.params["steps"] + batches
        evaluation = self._measure(step, float(logs["loss"]))
        best = self._state.best
        self._state.evaluations.append(evaluation)
        self._run.append_history(evaluation)
        if best is None or evaluation.mean_auc > best.mean_auc:
            self._state.best_model = self._run.save_checkpoint(self.model, step)
            self._run.publish_best(self._state)
        self._report(evaluation)
        if self._state.waits >= self._patience:
            self.model.stop_training = True

    def _measure(self, step: int, loss: float) -> Evaluation:
        predictions = predict_split(
            self.model, self._data, "valid", self._batch_size, self._progress
        )
        found = task_aucs(predictions, self._tasks)
        if found.mean_auc is None:
            raise DataError(
                "no task has both a positive and a negative label, or two different numbers, in "
                "the validation split, so "
                "there is no AUC to choose the best model by; prepare the data with an earlier "
                "--valid-from or a later --test-from"
            )
        if self._collapse is None:
            self._collapse = TaskCollapse(self.model, self._data, self._batch_size)
        with self._progress.phase("comparing the tasks' tokens"):
            cosine = self._collapse.cosine()
        return Evaluation(
            self._epoch + 1,
            step,
            loss,
            found.mean_auc,
            found.auc,
            found.gauc,
            cosine,
            found.xauc,
            found.gxauc,
        )
