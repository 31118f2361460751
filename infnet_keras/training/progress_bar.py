"""A bar for the epoch that is running."""

from typing import Any

import keras
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class ProgressBar(keras.callbacks.Callback):
    """Batches done, loss, time taken and time left; shown on a terminal only.

    Args:
        console: where it is drawn; lines printed to the same console appear above the bar.
    """

    async_safe = True

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        self._progress.start()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(
            "epoch",
            total=self.params["steps"],
            epoch=f"{epoch + 1}/{self.params['epochs']}",
            loss="-",
        )

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        loss = f"{logs['loss']:.4f}" if logs else "-"
        self._progress.update(self._task, completed=batch + 1, loss=loss)

    def close(self) -> None:
        """Take the bar off the screen; Keras does not call `on_train_end` after an error."""
        self._progress.stop()
