"""Saves a run after every epoch, so that it can go on after a kill."""

from typing import Any

import keras

from infnet_keras.training.run_directory import RunDirectory
from infnet_keras.training.training_state import TrainingState


class SaveState(keras.callbacks.Callback):
    """Commits model, optimiser and evaluations at the end of every epoch.

    Runs after the callbacks that change the state, so it comes last.

    Args:
        run: where the run is kept.
        state: the run's progress, which this callback moves on by one epoch.
    """

    def __init__(self, run: RunDirectory, state: TrainingState) -> None:
        super().__init__()
        self._run = run
        self._state = state

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        step = (epoch + 1) * self.params["steps"]
        self._state.checkpoint = self._run.save_checkpoint(self.model, step)
        self._state.epoch = epoch + 1
        self._run.commit(self._state)
