"""Some impressions of a split, where all of them would take too long."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.impressions import Impressions

if TYPE_CHECKING:
    from infnet_keras.data.prepared.batch import Batch, Ids

BATCH_SIZE = 256  # small, so that a sample of a few thousand comes from many places


def sample_inputs(
    data: Impressions, split: Split, rows: int, batch_size: int = BATCH_SIZE, seed: int = 0
) -> "Iterator[dict[str, Ids]]":
    """Model inputs of impressions spread evenly over a split, in batches of one size.

    The split is shuffled by the seed and batches are taken at even distances. A split that has no
    more impressions than were asked for is given whole; only then may the last batch be smaller.

    Args:
        data: prepared data, or others with their methods.
        split: "train", "valid" or "test".
        rows: impressions wanted; what comes is the next smaller number of whole batches, one at
            least.
        batch_size: impressions in a batch.
        seed: equal seeds give equal samples.

    Yields:
        Inputs of a batch: int32 by name, [batch, ...].

    Raises:
        DataError: the split has no impression.

    Example:
        >>> sum(len(inputs["user"]) for inputs in sample_inputs(prepared, "test", 64))
        64
    """
    for batch in sample_batches(data, split, rows, batch_size, seed):
        yield batch.inputs


def sample_batches(
    data: Impressions, split: Split, rows: int, batch_size: int = BATCH_SIZE, seed: int = 0
) -> "Iterator[Batch]":
    """As `sample_inputs`, with labels and users."""
    batch_size = min(batch_size, rows)
    reader = data.reader(split, batch_size, shuffle=True, seed=seed)
    chosen = range(len(reader))
    if rows < data.count(split):
        whole = data.count(split) // batch_size
        chosen = np.linspace(0, whole - 1, rows // batch_size).round().astype(int).tolist()
    for index in chosen:
        yield reader.batch(index)


def sample_size(data: Impressions, split: Split, rows: int, batch_size: int = BATCH_SIZE) -> int:
    """How many impressions `sample_inputs` gives."""
    batch_size = min(batch_size, rows)
    total = data.count(split)
    return total if rows >= total else rows // batch_size * batch_size
