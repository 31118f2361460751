"""Embedding tables that are drawn anew at every epoch."""

from typing import Any

import keras


class RedrawTables(keras.callbacks.Callback):
    """Draws the embedding tables of a model anew when an epoch other than the first begins.

    Ids that are seen often enough to be remembered overfit in a second epoch; what the other
    layers have learnt of them does not. Runs after the callback that sets the epoch's seed.

    Reference:
        Fan et al., Multi-epoch learning with data augmentation for deep click-through rate
        prediction (MEDA), arXiv 2407.01607.
    """

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch > 0:
            self.model.embedded_inputs.redraw()
            if self.model.row_updates is not None:
                self.model.row_updates.reset()
