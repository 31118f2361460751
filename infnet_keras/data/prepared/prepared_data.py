"""A prepared directory, opened."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.file_names import ASSETS, MANIFEST, SPEC
from infnet_keras.data.prepared.manifest import Manifest
from infnet_keras.data.prepared.reader import ImpressionReader
from infnet_keras.errors import DataError
from infnet_keras.features.assets import Assets
from infnet_keras.features.raw_examples_file import load_raw_examples
from infnet_keras.spec import FeatureSpec, load_spec


@dataclass(frozen=True)
class PreparedData:
    """What `prepare` wrote.

    Attributes:
        directory: where it is.
        spec: the spec that it was prepared with.
        assets: vocabularies and boundaries.
        manifest: counts and files.
    """

    directory: Path
    spec: FeatureSpec
    assets: Assets
    manifest: Manifest

    @classmethod
    def open(cls, directory: str | Path) -> "PreparedData":
        """Open a prepared directory and check that it is whole.

        Raises:
            DataError: it is no prepared data, or a file is missing or was cut short.

        Example:
            >>> PreparedData.open("prepared").count("train")
        """
        directory = Path(directory)
        manifest = Manifest.load(directory)
        for shard in manifest.shards:
            path = directory / shard.file
            size = path.stat().st_size if path.is_file() else None
            if size != shard.bytes:
                found = "is missing" if size is None else f"has {size} bytes"
                raise DataError(
                    f"{path} {found}, but its manifest says {shard.bytes} bytes: prepare the data "
                    "again"
                )
        spec = load_spec(directory / SPEC)
        assets = Assets.load(directory / ASSETS)
        assets.check(spec)
        return cls(directory, spec, assets, manifest)

    @cached_property
    def raw_examples(self) -> dict[str, Any] | None:
        """Raw rows of the log as a request holds them, if they are still there.

        Raises:
            DataError: their file cannot be read.
        """
        return load_raw_examples(self.directory)

    def count(self, split: Split) -> int:
        """Number of impressions of a split."""
        return self.manifest.impressions[split]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the manifest: equal for the same data alone."""
        return hashlib.sha256((self.directory / MANIFEST).read_bytes()).hexdigest()

    def reader(
        self,
        split: Split,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        bucket_by_length: bool = False,
    ) -> ImpressionReader:
        """What reads a split in batches; see `ImpressionReader`."""
        return ImpressionReader(self, split, batch_size, shuffle, seed, bucket_by_length)
