"""Data of which the test part is out of reach."""

from typing import Any

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.impressions import BatchReader, Impressions
from infnet_keras.errors import ModelError
from infnet_keras.features.assets import Assets
from infnet_keras.spec import FeatureSpec


class WithoutTest:
    """Impressions to train on and to choose by, and no others: what a search is given.

    Args:
        data: prepared data, or others with their methods.

    Raises:
        ModelError: whenever the test part is asked for.
    """

    def __init__(self, data: Impressions) -> None:
        self._data = data

    @property
    def spec(self) -> FeatureSpec:
        return self._data.spec

    @property
    def assets(self) -> Assets:
        return self._data.assets

    @property
    def raw_examples(self) -> dict[str, Any] | None:
        return None  # nothing is exported here

    @property
    def digest(self) -> str:
        return self._data.digest

    def count(self, split: Split) -> int:
        """Number of impressions of a split."""
        return self._data.count(_allowed(split))

    def reader(
        self,
        split: Split,
        batch_size: int,
        shuffle: bool = False,
        seed: int = 0,
        bucket_by_length: bool = False,
    ) -> BatchReader:
        """See `Impressions.reader`."""
        return self._data.reader(_allowed(split), batch_size, shuffle, seed, bucket_by_length)


def _allowed(split: Split) -> Split:
    if split == "test":
        raise ModelError(
            "the test part was asked for while settings are still chosen: it is scored once, when "
            "they are fixed"
        )
    return split
