"""Batches of transformed examples, in memory that does not grow with their number."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from infnet_keras.data.examples.columns import label_name, loss_columns, weight_name
from infnet_keras.data.prepared import layout
from infnet_keras.data.prepared.batch import Batch, concatenated
from infnet_keras.data.prepared.length_buckets import LengthBuckets
from infnet_keras.errors import DataError
from infnet_keras.features.transform_plan import TransformPlan
from infnet_keras.input_names import KEPT, loss_weight_input
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.transform.preprocessing import USER_CODE

WINDOW_BYTES = 256 << 20
_BLOCK = 4096
_OPEN_FILES = 16


class TransformedReader:
    """Every impression of a split exactly once per epoch; the last batch may be smaller.

    Files are read side by side. Shuffled, they come in another order in every epoch, and the
    impressions of a window of about 256 MB are permuted: an order follows from seed and epoch
    alone.

    Args:
        spec: the feature spec.
        files: GZIP TFRecords of transformed examples.
        count: how many impressions they hold.
        batch_size: impressions in a batch.
        shuffle: whether to permute.
        seed: of the permutations.

    Attributes:
        buckets: None: every history is padded to its sequence's length. To divide batches it would
            have to read all records once before.
    """

    buckets: LengthBuckets | None = None

    def __init__(
        self,
        spec: FeatureSpec,
        files: Sequence[str],
        count: int,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
    ):
        self._spec = spec
        self._files = list(files)
        self._count = count
        self._batch_size = batch_size
        self._shuffle = shuffle
        self._seed = seed
        self._lock = Lock()
        self._stream: tuple[int, int, Iterator[Batch]] | None = None  # epoch, next index
        self._latest: OrderedDict[tuple[int, int], Batch] = OrderedDict()

    def __len__(self) -> int:
        return -(-self._count // self._batch_size)

    def batch(self, index: int, epoch: int = 0) -> Batch:
        """One batch. Quick while they are asked for in order; a step back reads from the start.

        Args:
            index: 0 .. len - 1.
            epoch: which permutation.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        with self._lock:
            if (epoch, index) not in self._latest:
                self._latest[epoch, index] = self._next(index, epoch)
                # Keras looks at the first two before it begins.
                while len(self._latest) > 2:
                    self._latest.popitem(last=False)
            return self._latest[epoch, index]

    def batches(self, epoch: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, in order.

        Raises:
            DataError: the files hold more or fewer impressions than they should.
        """
        rest: list[Batch] = []
        found = 0
        for window in self._windows(epoch):
            found += len(window.users)
            joined = concatenated([*rest, window])
            whole = len(joined.users) // self._batch_size * self._batch_size
            for start in range(0, whole, self._batch_size):
                yield _rows(joined, slice(start, start + self._batch_size))
            rest = [_rows(joined, slice(whole, None))]
        if found != self._count:
            raise DataError(
                f"{self._files[0].rpartition('/')[0]} holds {found} impressions where "
                f"{self._count} were counted: a file is missing or was cut short; run Transform "
                "again"
            )
        if len(rest[0].users):
            yield rest[0]

    def _next(self, index: int, epoch: int) -> Batch:
        if self._stream is None or self._stream[:2] != (epoch, index):
            stream = self.batches(epoch)
            for _ in range(index):
                next(stream)
        else:
            stream = self._stream[2]
        batch = next(stream)
        self._stream = epoch, index + 1, stream
        return batch

    def _windows(self, epoch: int) -> Iterator[Batch]:
        random = np.random.default_rng([self._seed, epoch])
        parts: list[Batch] = []
        size = 0
        for block in self._blocks(random if self._shuffle else None):
            parts.append(block)
            size += sum(ids.nbytes for ids in block.inputs.values())
            if size >= WINDOW_BYTES:
                yield self._permuted(concatenated(parts), random)
                parts, size = [], 0
        if parts:
            yield self._permuted(concatenated(parts), random)

    def _permuted(self, window: Batch, random: np.random.Generator) -> Batch:
        return _rows(window, random.permutation(len(window.users))) if self._shuffle else window

    def _blocks(self, random: np.random.Generator | None) -> Iterator[Batch]:
        files = self._files if random is None else list(random.permutation(self._files))
        records = tf.data.Dataset.from_tensor_slices(files).interleave(
            lambda file: tf.data.TFRecordDataset(file, "GZIP"),
            cycle_length=_OPEN_FILES,
            num_parallel_calls=2,
            deterministic=True,
        )
        features = _features(self._spec)
        parsed = records.batch(_BLOCK).map(lambda block: tf.io.parse_example(block, features))
        try:
            found = 0
            for block in parsed.prefetch(2).as_numpy_iterator():
                yield self._batch(block, found)
                found += len(next(iter(block.values())))
        except tf.errors.OpError as error:
            raise DataError(
                f"transformed examples cannot be read ({error.message}): run Transform again"
            ) from error

    def _batch(self, block: dict[str, npt.NDArray[Any]], first: int) -> Batch:
        rows = len(next(iter(block.values())))
        # Without users each row is a group of its own, as in prepared data.
        users = block.get(USER_CODE, np.arange(first, first + rows))
        labels = {
            task: _label(block[label_name(self._spec, task)], block[weight_name(self._spec, task)])
            for task in self._spec.tasks
        }
        steps = TransformPlan.of(self._spec).steps
        inputs = {step.name: block[step.name].astype(step.dtype) for step in steps}
        weights = {
            task: block[self._spec.served_names[loss_weight_input(task)]]
            for task in layout.weighed_tasks(self._spec)
        }
        batch = Batch(inputs, labels, users, weights)
        if self._spec.sample is None:
            return batch
        return _rows(batch, np.flatnonzero(block[self._spec.served_names[KEPT]]))


def _label(values: npt.NDArray[Any], weights: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return np.where(weights > 0, values, np.nan).astype(np.float32)


def _features(spec: FeatureSpec) -> dict[str, tf.io.FixedLenFeature]:
    """The parsing spec of transformed examples."""
    features = {
        step.name: tf.io.FixedLenFeature(step.shape, tf.float32 if step.is_number else tf.int64)
        for step in TransformPlan.of(spec).steps
    }
    for name, task in spec.tasks.items():
        dtype = tf.int64 if task.is_binary else tf.float32
        features[label_name(spec, name)] = tf.io.FixedLenFeature([], dtype)
        features[weight_name(spec, name)] = tf.io.FixedLenFeature([], tf.float32)
    for own in loss_columns(spec):
        dtype = tf.int64 if own == KEPT else tf.float32
        features[spec.served_names[own]] = tf.io.FixedLenFeature([], dtype)
    if spec.keys.user is not None:
        features[USER_CODE] = tf.io.FixedLenFeature([], tf.int64)
    return features


def _rows(batch: Batch, rows: slice | npt.NDArray[np.int64]) -> Batch:
    return Batch(
        {name: ids[rows] for name, ids in batch.inputs.items()},
        {task: labels[rows] for task, labels in batch.labels.items()},
        batch.users[rows],
        {task: weights[rows] for task, weights in batch.weights.items()},
    )
