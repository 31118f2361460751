"""Tells a schedule how many steps a fit takes."""

from typing import Any

import keras

from infnet_keras.models.decaying_rate import DecayingRate


class LearnSteps(keras.callbacks.Callback):
    """When training begins, tells the learning rate's schedule the length of the fit.

    Args:
        schedule: the schedule of the model's optimiser.
        initial_epoch: the fit's; a run that goes on began with epoch 0.
    """

    async_safe = True

    def __init__(self, schedule: DecayingRate, initial_epoch: int) -> None:
        super().__init__()
        self._schedule = schedule
        self._initial_epoch = initial_epoch

    def on_train_begin(self, logs: Any = None) -> None:
        steps, epochs = self.params.get("steps"), self.params.get("epochs")
        total = None if steps is None or epochs is None else steps * epochs
        done = int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
        first = max(done - (steps or 0) * self._initial_epoch, 0)
        if self._schedule.learn(total, first):
            self.model.make_train_function(force=True)  # one made before holds the old numbers
