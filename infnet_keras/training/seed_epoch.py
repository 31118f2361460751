"""What is random in an epoch follows from the seed and the epoch alone."""

from typing import Any

import keras
import numpy as np

from infnet_keras.data.prepared.dataset import ImpressionDataset


class SeedEpoch(keras.callbacks.Callback):
    """Sets the order of the data and every random generator when an epoch begins.

    So a run that continues draws what it would have drawn without the interruption: neither a
    `.keras` file nor torch's own generator, which dropout uses there, would remember it.

    Args:
        dataset: what is trained on; it permutes by its `epoch`.
        seed: of the run.
        rank: of the process; those that train together draw different numbers.
    """

    def __init__(self, dataset: ImpressionDataset, seed: int, rank: int = 0) -> None:
        super().__init__()
        self._dataset = dataset
        self._seed = seed
        self._rank = rank

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._dataset.epoch = epoch
        stream = [self._rank] if self._rank else []
        random = np.random.default_rng([self._seed, epoch, *stream])
        keras.utils.set_random_seed(int(random.integers(2**31)))
        for variable in self.model.variables:
            if variable.path.endswith("seed_generator_state"):
                # What keras.random.SeedGenerator starts from: a seed, and numbers drawn so far.
                variable.assign(np.array([random.integers(2**31), 0]))
