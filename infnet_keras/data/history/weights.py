"""What impressions weigh in the tasks' losses, and which of them a sample leaves out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from farmhash import fingerprint64

from infnet_keras.data.history.as_numbers import as_numbers
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.features.canonical import canonical_strings

Weights = npt.NDArray[np.float32]


def product_of(columns: Mapping[str, npt.NDArray[Any]]) -> Weights:
    """The product of columns of weights.

    Args:
        columns: numbers or text [rows], as `ColumnValues.arrays` gives them; at least one.

    Returns:
        float32 [rows]; NaN where a value is missing, negative or no number, unless another one is
        0, and where the product is beyond float32.

    Example:
        >>> product_of({"pay": np.array([2.0, -1.0]), "trust": np.array([0.5, 1.0])}).tolist()
        [1.0, nan]
    """
    product = np.ones(len(next(iter(columns.values()))))
    nothing = np.zeros(len(product), bool)
    for values in columns.values():
        numbers = as_numbers(values)
        product *= np.where(np.isfinite(numbers) & (numbers >= 0), numbers, np.nan)
        nothing |= numbers == 0
    product[nothing] = 0.0
    return np.where(product <= np.finfo(np.float32).max, product, np.nan).astype(np.float32)


def negatives(labels: Mapping[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.bool_]:
    """Which rows have no label that is 1, of any of these tasks, which are binary."""
    return np.asarray(np.all([values != 1 for values in labels.values()], axis=0))


def left_out(
    share: float,
    labels: Mapping[str, npt.NDArray[np.float32]],
    splits: npt.NDArray[np.int8],
    keys: list[pa.Array],
    times: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Which training impressions a sample leaves out: a share of those without a positive label.

    Who they are follows from their keys and times alone, so that every engine, and every day that
    holds an impression again, leaves out the same.

    Args:
        share: of the negatives that is kept.
        labels: float32 [rows] by binary task, NaN where there is none.
        splits: of each row, as `Partition.splits` gives them.
        keys: the item's key and, where the log names it, the user's.
        times: int64 [rows], milliseconds since 1970, or the row's place in the log.
    """
    candidates = np.flatnonzero((splits == SPLITS["train"]) & negatives(labels))
    spelt = [canonical_strings(key.take(pa.array(candidates)), "key").to_pylist() for key in keys]
    spelt.append([str(time).encode() for time in times[candidates].tolist()])
    fingerprints = np.fromiter(
        (
            fingerprint64(b"\0".join(part or b"" for part in row))
            for row in zip(*spelt, strict=True)
        ),
        np.uint64,
        len(candidates),
    )
    found = np.zeros(len(splits), bool)
    # The high bits: `hash` tables and partitions of users are made of the low ones.
    found[candidates] = (fingerprints >> np.uint64(11)) >= np.uint64(share * 2**53)
    return found
