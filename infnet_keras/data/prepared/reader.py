"""Batches of impressions with their histories, in memory that does not grow with the data."""

from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.batch import Batch, concatenated
from infnet_keras.data.prepared.shard_directory import ShardDirectory
from infnet_keras.data.prepared.window import Window
from infnet_keras.errors import DataError

WINDOW_EVENTS = 2_000_000


class _Epoch(NamedTuple):
    """The windows of an epoch, in order, and how many impressions come before each."""

    windows: list[tuple[int, ...]]
    starts: npt.NDArray[np.int64]


class ImpressionReader:
    """Every impression of a split exactly once per epoch; the last batch may be smaller.

    Shards are read in windows of about two million events, of which the latest is kept. Shuffled,
    the windows are made of other shards in every epoch, and impressions are permuted within a
    window: an order follows from seed and epoch alone. Unshuffled, impressions come by user and
    time.

    Args:
        prepared: the data.
        split: "train", "valid" or "test".
        batch_size: impressions in a batch.
        shuffle: whether to permute.
        seed: of the permutations.

    Raises:
        DataError: the split has no impression.

    Example:
        >>> reader = ImpressionReader(PreparedData.open("prepared"), "train", 1024, shuffle=True)
        >>> for batch in reader.batches(epoch=0):
        ...     batch.inputs["user_id"].shape
    """

    def __init__(
        self,
        prepared: ShardDirectory,
        split: Split,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
    ):
        if not prepared.manifest.impressions[split]:
            raise DataError(f"{prepared.directory} has no impression in split {split!r}")
        self._prepared = prepared
        self._split: Split = split
        self._batch_size = batch_size
        self._shuffle = shuffle
        self._seed = seed
        self._lock = Lock()
        self._epochs: OrderedDict[int, _Epoch] = OrderedDict()
        self._window: tuple[tuple[int, ...], Window] | None = None
        self._order: tuple[tuple[int, int], npt.NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return -(-self._prepared.manifest.impressions[self._split] // self._batch_size)

    def batches(self, epoch: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, in order."""
        return (self.batch(index, epoch) for index in range(len(self)))

    def batch(self, index: int, epoch: int = 0) -> Batch:
        """One batch. Quick while successive calls stay near one another.

        Args:
            index: 0 .. len - 1.
            epoch: which permutation.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        with self._lock:
            windows, starts = self._epoch(epoch)
            start = index * self._batch_size
            end = min(start + self._batch_size, int(starts[-1]))
            parts = []
            first_window = int(np.searchsorted(starts, start, side="right")) - 1
            for number in range(first_window, int(np.searchsorted(starts, end))):
                window = self._load(windows[number])
                order = self._permutation(epoch, number, len(window))
                first, last = max(start - starts[number], 0), end - starts[number]
                parts.append(window.batch(order[first:last]))
        return parts[0] if len(parts) == 1 else concatenated(parts)

    def _epoch(self, epoch: int) -> _Epoch:
        if epoch not in self._epochs:
            shards = self._prepared.manifest.shards
            numbers = [n for n, shard in enumerate(shards) if shard.impressions[self._split]]
            if self._shuffle:
                np.random.default_rng([self._seed, epoch]).shuffle(numbers)
            windows: list[list[int]] = []
            events = WINDOW_EVENTS
            for number in numbers:
                # A step of a ready-made history is a few ids, an event also labels and fields.
                size = shards[number].rows + shards[number].steps // 8
                if not windows or events + size > WINDOW_EVENTS:
                    windows.append([])
                    events = 0
                windows[-1].append(number)
                events += size
            sizes = [sum(shards[n].impressions[self._split] for n in w) for w in windows]
            self._epochs[epoch] = _Epoch(
                [tuple(sorted(window)) for window in windows],
                np.concatenate([[0], np.cumsum(sizes)]),
            )
            if len(self._epochs) > 2:
                self._epochs.popitem(last=False)
        return self._epochs[epoch]

    def _load(self, shards: tuple[int, ...]) -> Window:
        if self._window is None or self._window[0] != shards:
            self._window = None  # free it before the next one is loaded
            self._window = shards, Window(self._prepared, self._split, shards)
        return self._window[1]

    def _permutation(self, epoch: int, number: int, count: int) -> npt.NDArray[np.int64]:
        if not self._shuffle:
            return np.arange(count)
        if self._order is None or self._order[0] != (epoch, number):
            random = np.random.default_rng([self._seed, epoch, number])
            self._order = (epoch, number), random.permutation(count)
        return self._order[1]
