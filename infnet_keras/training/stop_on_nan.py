"""Ends a run whose loss is no longer a number."""

import math
from typing import Any

import keras

from infnet_keras.errors import ModelError


class StopOnNaN(keras.callbacks.Callback):
    """Raises a ModelError at the first batch after which the loss is NaN or infinite.

    The epoch is not saved, so the run directory stays at the last good epoch.
    """

    async_safe = True  # reads the logs alone: no step needs to wait for it

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss = float((logs or {}).get("loss", 0.0))
        if not math.isfinite(loss):
            raise ModelError(
                f"the training loss became {loss} in epoch {self._epoch + 1}, at or before batch "
                f"{batch + 1}; lower training.learning_rate, set training.clip_norm or "
                "schedule.warmup_steps, or train in float32"
            )
