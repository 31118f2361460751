"""Batches of impressions with their histories, in memory that does not grow with the data."""

from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.batch import Batch, concatenated
from infnet_keras.data.prepared.length_buckets import (
    SHARES,
    LengthBuckets,
    longest_first,
    stratified_order,
)
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
        bucket_by_length: whether a batch has its longest histories first, for `buckets` to divide
            them. It then has the same share of each bucket as its window, and is shuffled
            otherwise. All histories are measured at the beginning.

    Attributes:
        buckets: how every batch is divided, once a smaller last one is filled up; or None.

    Raises:
        DataError: the split has no impression.
        ValueError: `bucket_by_length` without `shuffle`.

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
        bucket_by_length: bool = False,
    ):
        if bucket_by_length and not shuffle:
            raise ValueError("bucket_by_length needs shuffle: rows by user and time do not mix")
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
        self.buckets = self._measure() if bucket_by_length else None

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
            parts, levels = [], []
            first_window = int(np.searchsorted(starts, start, side="right")) - 1
            for number in range(first_window, int(np.searchsorted(starts, end))):
                window = self._load(windows[number])
                order = self._permutation(epoch, number, window)
                rows = order[max(start - starts[number], 0) : end - starts[number]]
                if self.buckets is not None:
                    rows = rows[longest_first(window.levels[rows])]
                    levels.append(window.levels[rows])
                parts.append(window.batch(rows))
        if len(parts) == 1:
            return parts[0]
        batch = concatenated(parts)
        return batch.taken(longest_first(np.concatenate(levels))) if levels else batch

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

    def _permutation(self, epoch: int, number: int, window: Window) -> npt.NDArray[np.int64]:
        if not self._shuffle:
            return np.arange(len(window))
        if self._order is None or self._order[0] != (epoch, number):
            random = np.random.default_rng([self._seed, epoch, number])
            if self.buckets is None:
                order = random.permutation(len(window))
            else:
                order = stratified_order(window.levels, random)
            self._order = (epoch, number), order
        return self._order[1]

    def _measure(self) -> LengthBuckets | None:
        """Buckets that fit every batch of every epoch; None without sequences."""
        if not self._prepared.spec.sequence_features:
            return None
        shards = self._prepared.manifest.shards
        sizes = np.array([shard.impressions[self._split] for shard in shards])
        rows = min(self._batch_size, int(sizes.sum()))
        # Windows that a batch may hold whole, and the two that it begins and ends in.
        within = int(np.searchsorted(np.cumsum(np.sort(sizes[sizes > 0])), rows))
        counts = [
            np.bincount(Window(self._prepared, self._split, (n,)).levels, minlength=len(SHARES))
            for n in np.flatnonzero(sizes).tolist()
        ]
        most_windows = min(within + 2, len(counts))
        return LengthBuckets.of(self._prepared.spec, np.array(counts), rows, most_windows)
