"""Transformed examples as training and evaluation ask for data."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any

import tensorflow as tf

from infnet_keras.data.history.splits import Split
from infnet_keras.errors import DataError
from infnet_keras.features import Assets
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.trainer.transformed_reader import TransformedReader


class TransformedExamples:
    """What Transform has written, as `infnet_keras.data.prepared.impressions.Impressions`.

    Args:
        spec: the feature spec.
        assets: what the transform was fitted to.
        patterns: for each split the patterns of its files, GZIP TFRecords of tf.Examples.
        counts: impressions of each split.
        raw_examples: raw rows as a request holds them, or None.

    Raises:
        DataError: a split that has impressions has no file.

    Example:
        >>> data = TransformedExamples(spec, assets, {"train": ["Split-train/*"]}, {"train": 480})
        >>> train(spec, data, "runs/first")
    """

    def __init__(
        self,
        spec: FeatureSpec,
        assets: Assets,
        patterns: Mapping[Split, Sequence[str]],
        counts: Mapping[Split, int],
        raw_examples: dict[str, Any] | None = None,
    ):
        self.spec = spec
        self.assets = assets
        self.raw_examples = raw_examples
        self._counts = dict(counts)
        self._files = {
            split: sorted(file for pattern in given for file in tf.io.gfile.glob(pattern))
            for split, given in patterns.items()
        }
        for split, files in self._files.items():
            if not files and self.count(split):
                raise DataError(
                    f"there are {self.count(split)} impressions in split {split!r}, but no file "
                    f"matches {', '.join(patterns[split])}: run Transform again"
                )

    def count(self, split: Split) -> int:
        """Number of impressions of a split."""
        return self._counts.get(split, 0)

    @cached_property
    def digest(self) -> str:
        """Of the assets, the files' names and their sizes."""
        files = [
            f"{split} {file.rpartition('/')[2]} {tf.io.gfile.stat(file).length}"
            for split, given in self._files.items()
            for file in given
        ]
        return sha256("\n".join([self.assets.digest, *files]).encode()).hexdigest()

    def reader(
        self,
        split: Split,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        bucket_by_length: bool = False,
    ) -> TransformedReader:
        """What reads a split in batches; see `TransformedReader`, which has no buckets."""
        if not self.count(split):
            raise DataError(f"the examples hold no impression in split {split!r}")
        return TransformedReader(
            self.spec, self._files[split], self.count(split), batch_size, shuffle, seed
        )
