"""Batches for `keras.Model.fit`, on every backend."""

from typing import Any

import keras

from infnet_keras.data.impressions import Impressions, Split


class ImpressionDataset(keras.utils.PyDataset):
    """A split as a Keras dataset of (inputs, labels).

    It permutes impressions itself, anew in each epoch: give `fit` `shuffle=False`, which otherwise
    asks for batches in random order and so for other shards all the time when the data is larger
    than the reader's window.

    Args:
        data: prepared data, or others with their methods.
        split: "train", "valid" or "test".
        batch_size: impressions in a batch; the last one may be smaller.
        shuffle: whether to permute.
        seed: of the permutations.
        fill_last_batch: fill the last of several batches up with rows of padding whose labels are
            NaN, for a fit that compiles one step only; a masked loss does not see them.
        workers: threads that ask for batches.

    Example:
        >>> train = ImpressionDataset(PreparedData.open("prepared"), "train", 1024, shuffle=True)
        >>> model.fit(train, shuffle=False)
    """

    def __init__(
        self,
        data: Impressions,
        split: Split,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        fill_last_batch: bool = False,
        workers: int = 1,
    ):
        super().__init__(workers=workers)
        self.reader = data.reader(split, batch_size, shuffle, seed)
        self._rows = batch_size if fill_last_batch and len(self.reader) > 1 else 0
        self.epoch = 0

    @property
    def num_batches(self) -> int:
        """Batches in an epoch."""
        return len(self.reader)

    def __len__(self) -> int:
        return len(self.reader)

    def __getitem__(self, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
        batch = self.reader.batch(index, self.epoch).filled(self._rows)
        return batch.inputs, batch.labels

    def on_epoch_end(self) -> None:
        """The next epoch has another order."""
        self.epoch += 1
