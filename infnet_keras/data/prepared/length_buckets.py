"""Buckets of like histories within a batch, each padded to a length of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.data.prepared.batch import Ids
from infnet_keras.spec import FeatureSpec

SHARES = (0.125, 0.375, 1.0)
"""Of a sequence's `length`, the steps that the buckets have room for. Each bucket is one more graph
of the model to compile: three take about 0.4 of the full padding on skewed logs, four 0.35."""


@dataclass(frozen=True)
class LengthBuckets:
    """How the rows of every batch are divided, the longest histories first.

    Attributes:
        steps: sequence feature -> the steps that each bucket has room for.
        rows: rows of each bucket, the same in every batch.
    """

    steps: dict[str, list[int]]
    rows: list[int]

    @classmethod
    def of(
        cls,
        spec: FeatureSpec,
        counts: npt.NDArray[np.int64],
        batch_size: int,
        most_windows: int,
    ) -> "LengthBuckets":
        """The division that fits every batch of rows in `stratified_order`.

        A run of r rows of a window of which the share p is of level k or more has fewer than
        (r + K) p + (K - k) of them, for K levels: of each level it has its share, give or take one.

        Args:
            spec: its sequences are divided.
            counts: int [parts, K], impressions of each level in parts that windows are made of.
            batch_size: impressions in a batch.
            most_windows: of how many windows a batch has rows.
        """
        levels = np.arange(len(SHARES))
        reaching = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
        share = (reaching / reaching[:, :1]).max(axis=0)
        of_a_window = len(SHARES) * share + len(SHARES) - levels
        most = np.minimum(np.ceil(batch_size * share + most_windows * of_a_window), batch_size)
        most[0] = batch_size  # what is no longer than the shortest
        most = np.where(share > 0, most, 0).astype(int)
        rows = (most - np.append(most[1:], 0))[::-1].tolist()
        kept = [place for place, count in enumerate(rows) if count]
        room = {f.name: room_of(f.length)[::-1] for f in spec.sequence_features}
        return cls(
            {name: [int(steps[place]) for place in kept] for name, steps in room.items()},
            [rows[place] for place in kept],
        )

    def divide(self, inputs: Mapping[str, Ids]) -> dict[str, Any]:
        """The inputs of a batch, its longest histories first, with each sequence in buckets.

        Args:
            inputs: int32 [batch, ...] by name.

        Returns:
            As `split_buckets` takes them.

        Raises:
            ValueError: a history does not fit into its bucket.
        """
        ends = np.cumsum(self.rows)
        divided: dict[str, Any] = dict(inputs)
        for name, steps in self.steps.items():
            parts = np.split(inputs[name], ends[:-1])
            if any(part[:, room:].any() for part, room in zip(parts, steps, strict=True)):
                raise ValueError(f"a history of {name} is longer than its bucket")
            divided[name] = tuple(
                np.ascontiguousarray(part[:, :room])
                for part, room in zip(parts, steps, strict=True)
            )
        return divided


def room_of(length: int) -> npt.NDArray[np.int64]:
    """Steps that the buckets have room for, of a sequence of `length`; shortest first."""
    return np.ceil(np.multiply(SHARES, length)).astype(np.int64)


def levels_of(
    steps: Mapping[str, npt.NDArray[np.int64]], lengths: Mapping[str, int]
) -> npt.NDArray[np.int64]:
    """The smallest bucket, 0 being the shortest, into which all histories of an impression fit.

    Args:
        steps: by sequence, int [impressions], how many steps each history has.
        lengths: by sequence, how many it has at most.

    Example:
        >>> levels_of({"view": np.array([0, 1, 3, 8])}, {"view": 8}).tolist()
        [0, 0, 1, 2]
    """
    found = [np.searchsorted(room_of(lengths[name]), count) for name, count in steps.items()]
    return np.asarray(np.max(found, axis=0))


def longest_first(levels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The rows of a batch as `LengthBuckets.divide` takes them."""
    return np.argsort(-levels, kind="stable")


def stratified_order(
    levels: npt.NDArray[np.int64], random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """A permutation any run of which has its share of each level, give or take one.

    Args:
        levels: int [rows].
        random: what permutes the rows of a level.

    Returns:
        int64 [rows], rows in order.
    """
    places = np.empty(len(levels))
    for level in np.unique(levels):
        rows = random.permutation(np.flatnonzero(levels == level))
        places[rows] = (np.arange(len(rows)) + random.random()) / len(rows)
    return np.argsort(places, kind="stable")
