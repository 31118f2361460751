"""Evaluations in the middle of an epoch."""

from typing import Any

import keras

from infnet_keras.training.validation_auc import ValidationAUC


class EvaluateWithinEpoch(keras.callbacks.Callback):
    """Evaluates `times` - 1 times within every epoch; the epoch's end makes it `times`.

    A callback of its own because Keras waits for every training step once a callback reads its
    end: with one evaluation an epoch there is no need to.

    Args:
        validation: what evaluates.
        times: evaluations an epoch, evenly spaced by batches, the epoch's end included.
    """

    def __init__(self, validation: ValidationAUC, times: int) -> None:
        super().__init__()
        self._validation = validation
        self._times = times

    def on_train_begin(self, logs: Any = None) -> None:
        steps = self.params["steps"]
        counts = {round(steps * part / self._times) for part in range(1, self._times)}
        self._after = counts - {0, steps}

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if batch + 1 in self._after:
            self._validation.evaluate(batch + 1, logs or {})
