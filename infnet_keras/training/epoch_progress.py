"""Says how far the epoch that is running is."""

from contextlib import ExitStack
from typing import Any

import keras

from infnet_keras.progress import Phase, Progress


class EpochProgress(keras.callbacks.Callback):
    """Steps done, the running mean of the loss, examples a second and time left.

    A step only leaves its number and its loss here; a line is made when one is shown.

    Args:
        progress: where it is shown.
        batch_size: examples of a step.
    """

    async_safe = True  # reads the logs alone: no step needs to wait for it

    def __init__(self, progress: Progress, batch_size: int) -> None:
        super().__init__()
        self._progress = progress
        self._batch_size = batch_size
        self._open = ExitStack()
        self._phase: Phase | None = None
        self._loss: Any = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._loss = None
        named = f"epoch {epoch + 1} of {self.params['epochs']}", self.params["steps"], "steps"
        if self._phase is None:
            phase = self._progress.phase(*named, note=self._note)
            self._phase = self._open.enter_context(phase)
        else:
            self._phase.restart(*named)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._loss = (logs or {}).get("loss", self._loss)
        assert self._phase is not None
        self._phase.advance(batch + 1)

    def close(self) -> None:
        """Show it no more; Keras does not call `on_train_end` after an error."""
        self._open.close()

    def _note(self) -> str:
        if self._loss is None:
            return "compiling the step"
        loss = f"loss {float(self._loss):.4f}"
        rate = None if self._phase is None else self._phase.rate
        return loss if rate is None else f"{loss}, {rate * self._batch_size:,.0f} examples/s"
