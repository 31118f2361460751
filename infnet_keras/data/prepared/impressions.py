"""What training and evaluation ask of data, wherever they are kept."""

from collections.abc import Iterator
from typing import Any, Protocol

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.batch import Batch
from infnet_keras.data.prepared.length_buckets import LengthBuckets
from infnet_keras.features.assets import Assets
from infnet_keras.spec import FeatureSpec


class BatchReader(Protocol):
    """Every impression of a split exactly once per epoch, in batches."""

    @property
    def buckets(self) -> LengthBuckets | None:
        """How every batch is divided by the lengths of its histories; None where it is not."""
        ...

    def __len__(self) -> int:
        """Batches in an epoch."""
        ...

    def batch(self, index: int, epoch: int = 0) -> Batch:
        """One batch of an epoch; quick when they are asked for in order."""
        ...

    def batches(self, epoch: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, in order."""
        ...


class Impressions(Protocol):
    """Encoded impressions in splits: `PreparedData`, or the examples of a pipeline.

    Attributes:
        spec: the spec that they were made with.
        assets: vocabularies and boundaries.
        raw_examples: raw rows as a request holds them, or None; they are users' data.
        digest: equal for the same data alone.
    """

    @property
    def spec(self) -> FeatureSpec: ...

    @property
    def assets(self) -> Assets: ...

    @property
    def raw_examples(self) -> dict[str, Any] | None: ...

    @property
    def digest(self) -> str: ...

    def count(self, split: Split) -> int:
        """Number of impressions of a split."""
        ...

    def reader(
        self,
        split: Split,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        bucket_by_length: bool = False,
    ) -> BatchReader:
        """What reads a split in batches.

        Args:
            split: which impressions.
            batch_size: impressions in a batch; the last one may be smaller.
            shuffle: whether to permute, by seed and epoch.
            seed: of the permutations.
            bucket_by_length: whether shuffled batches are to be divided by the lengths of their
                histories. It is about speed alone: who cannot divide them gives them whole.
        """
        ...
