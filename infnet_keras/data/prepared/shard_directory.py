"""Where shards lie and what they hold: all that reading them takes."""

from pathlib import Path
from typing import Protocol

from infnet_keras.data.prepared.manifest import Manifest
from infnet_keras.spec import FeatureSpec


class ShardDirectory(Protocol):
    """A prepared directory as its readers see it; `PreparedData` is one.

    Attributes:
        directory: where it is.
        spec: the spec that it was prepared with.
        manifest: its shards and counts.
    """

    @property
    def directory(self) -> Path: ...

    @property
    def spec(self) -> FeatureSpec: ...

    @property
    def manifest(self) -> Manifest: ...
