"""Batches for `keras.Model.fit`, on every backend."""

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

import keras

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.devices.one_copy import gpu_of_torch, in_one_copy
from infnet_keras.devices.share import ALL, Share
from infnet_keras.errors import DataError

# Inputs and labels, and weights where impressions weigh differently.
_Given = tuple[dict[str, Any], ...]


class ImpressionDataset(keras.utils.PyDataset):
    """A split as a Keras dataset of (inputs, labels), or (inputs, labels, weights) where the spec
    weighs impressions.

    It permutes impressions itself, anew in each epoch. `fit(shuffle=True)`, Keras' default, asks
    for batches in random order, which would read other shards for every batch when the data is
    larger than the reader's window. So within an epoch the indices that Keras asks for are taken
    in turn: the first one asked for is the first batch of this dataset's own order, and so on.
    Every batch comes once whatever `shuffle` says, and it is this dataset's `shuffle` alone that
    permutes. Outside of an epoch, and where Keras counts up, `dataset[i]` is batch i.

    An epoch of which Keras asked for a part only (`steps_per_epoch`) goes on in the next one.

    Under a `keras.distribution` every batch has as many rows as the devices can share: the last one
    is filled up.

    Args:
        data: prepared data, or others with their methods.
        split: "train", "valid" or "test".
        batch_size: impressions in a batch; the last one may be smaller.
        shuffle: whether to permute.
        seed: of the permutations.
        fill_last_batch: fill the last of several batches up with rows of padding whose labels are
            NaN, for a fit that compiles one step only; a masked loss does not see them.
        prefetch: how many batches a thread reads ahead while the model runs, and brings to the GPU
            on torch; 0 reads each when it is asked for. Keras' own workers are not used: when `fit`
            looks at a first batch to build a model, they hand over some batches of the first epoch
            twice and others never.
        bucket_by_length: divide a batch by the lengths of its histories, and pad each bucket to its
            own length: a sequence is then a tuple of arrays, one a bucket, of static shapes (see
            `LengthBuckets`). Models of a spec answer as they do without. Needs `shuffle`, and one
            device.
        share: of every batch, which equal part to give, where each process trains on its own.

    Raises:
        DataError: the devices cannot share a batch equally.

    Example:
        >>> train = ImpressionDataset(prepared, "train", batch_size=64, shuffle=True)
        >>> inputs, labels = train[0]
        >>> inputs["user"].shape
        (64,)
    """

    def __init__(
        self,
        data: Impressions,
        split: Split,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        fill_last_batch: bool = False,
        prefetch: int = 4,
        bucket_by_length: bool = False,
        share: Share = ALL,
    ):
        super().__init__(workers=1)
        distribution = keras.distribution.distribution()
        devices = share.devices if distribution is None else distribution.num_model_replicas
        if batch_size % devices:
            raise DataError(
                f"{devices} devices cannot share batches of {batch_size} equally: make batch_size "
                f"a multiple of {devices}"
            )
        if bucket_by_length and devices > 1:
            raise DataError(
                "bucket_by_length divides a batch by the lengths of its histories, and several "
                "devices by rows: leave it out, or take one device"
            )
        # The share of a batch is a batch of a reader with smaller ones, in the same order.
        rows = batch_size // share.devices
        self.reader = data.reader(split, rows, shuffle, seed, bucket_by_length)
        self._share = share
        self._batches = -(-len(self.reader) // share.devices)
        fill = fill_last_batch or self.reader.buckets is not None
        filled = devices > 1 or (fill and self._batches > 1)
        self._rows = rows if filled else 0
        self._ahead = prefetch
        self._gpu = gpu_of_torch()
        self._thread: ThreadPoolExecutor | None = None
        self._prepared: dict[tuple[int, int], Future[_Given]] = {}
        self._lock = Lock()
        self._shuffles = shuffle
        self._within_epoch = False
        self._begins = False  # whether no batch of the epoch was asked for yet
        self.epoch = 0

    @property
    def epoch(self) -> int:
        """Number of the permutation; setting it begins that epoch anew."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        with self._lock:
            self._epoch = epoch
            self._places: dict[int, int] = {}  # index that Keras asked for -> number of the batch
            for future in self._prepared.values():
                future.cancel()
            self._prepared = {}

    @property
    def num_batches(self) -> int:
        """Batches in an epoch."""
        return self._batches

    def __len__(self) -> int:
        return self._batches

    def __getitem__(self, index: int) -> _Given:
        with self._lock:
            epoch, number = self._epoch, self._number(index)
            future = self._prepared.pop((epoch, number), None)
            if self._ahead and self._within_epoch:
                self._prepare(epoch, len(self._places))
        return self._read(number, epoch) if future is None else future.result()

    def _number(self, index: int) -> int:
        """Which batch stands for an index of Keras."""
        if self._begins and index == 0 and (0 in self._places or not self._shuffles):
            self._places = {}  # Keras counts from 0 again: it left the last epoch unfinished
        self._begins = self._begins and not self._within_epoch
        # TensorFlow's threads also ask between two epochs, when they are parts of one of ours.
        unfinished = 0 < len(self._places) < len(self)
        next_in_order = index == len(self._places) and index not in self._places
        if self._within_epoch or (unfinished and (self._shuffles or next_in_order)):
            return self._places.setdefault(index, len(self._places))
        return index

    def _prepare(self, epoch: int, first: int) -> None:
        """Have the next batches read."""
        if self._thread is None:
            # One thread: the reader is quick in order, and reads one batch at a time.
            self._thread = ThreadPoolExecutor(1, "ImpressionDataset")
        for number in range(first, min(first + self._ahead, len(self))):
            if (epoch, number) not in self._prepared:
                self._prepared[epoch, number] = self._thread.submit(self._bring, number, epoch)

    def _bring(self, number: int, epoch: int) -> _Given:
        given = self._read(number, epoch)
        return given if self._gpu is None else in_one_copy(given, self._gpu)

    def _read(self, number: int, epoch: int) -> _Given:
        part = number * self._share.devices + self._share.rank
        last = len(self.reader) - 1
        batch = self.reader.batch(min(part, last), epoch)
        if part > last:  # the last batch is too small for all to have rows of it
            batch = batch.first(0)
        batch = batch.filled(self._rows)
        buckets = self.reader.buckets
        inputs = batch.inputs if buckets is None else buckets.divide(batch.inputs)
        return (inputs, batch.labels, batch.weights) if batch.weights else (inputs, batch.labels)

    def on_epoch_begin(self) -> None:
        """Indices are taken in turn from here on."""
        self._within_epoch = self._begins = True

    def on_epoch_end(self) -> None:
        """The next epoch has another order, unless Keras left batches of this one."""
        unfinished = self._within_epoch and 0 < len(self._places) < len(self)
        self._within_epoch = False
        if not unfinished:
            self.epoch += 1
