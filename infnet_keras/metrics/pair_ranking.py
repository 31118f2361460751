"""Pairs of rows in the right order, counted under any weights without going through pairs."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.metrics.labelled_rows import Floats

_Integers = npt.NDArray[np.integer[Any]]


class _Level(NamedTuple):
    """Rows that stand together, those of smaller labels first, and what each is compared with.

    Attributes:
        order: the rows.
        low: bool [rows], in this order: whom others are compared with.
        high: places in this order of those that are compared.
        starts: of each of them, where the rows that stand with it start.
        ends: where those among them end whose labels are smaller.
    """

    order: _Integers
    low: npt.NDArray[np.bool_]
    high: _Integers
    starts: _Integers
    ends: _Integers


class PairRanking:
    """Rows ordered once; the share of well-ordered pairs under any weights costs some passes.

    A pair is two rows of one group with unequal labels. It is in order where the predictions are
    ordered as the labels are, and half in order where they are equal. Two rows differ in a first
    bit of their places by prediction, so every bit is one running sum over the rows that agree in
    the bits before it, log2(rows) of them in all; what agrees in all bits are ties.

    Args:
        labels: [rows], finite.
        predictions: [rows], finite.
        groups: int [rows], from 0; None: all rows are one group.
        reused: whether `shares` is asked for often: what is ordered for each bit is kept then,
            about 11 bytes a row.
    """

    def __init__(
        self,
        labels: Floats,
        predictions: Floats,
        groups: _Integers | None = None,
        reused: bool = False,
    ) -> None:
        self._groups = np.zeros(len(labels), np.int64) if groups is None else groups
        self._group_count = int(self._groups.max(initial=-1)) + 1
        self._labels = np.unique(labels, return_inverse=True)[1]
        self._places = np.unique(predictions, return_inverse=True)[1].astype(np.int64)
        self._kept = list(self._levels()) if reused else None

    def shares(self, weights: Floats) -> tuple[Floats, Floats]:
        """How many pairs of each group are in order, of how many.

        Args:
            weights: [rows], not negative; a pair weighs the product of its rows' weights.

        Returns:
            Two arrays [groups]: the weight of the pairs in order (a tie counts half), and of all
            pairs.
        """
        won, pairs = np.zeros(self._group_count), np.zeros(self._group_count)
        for factor, level in self._kept or self._levels():
            ordered = weights[level.order]
            sums = np.concatenate([[0.0], np.cumsum(np.where(level.low, ordered, 0.0))])
            products = ordered[level.high] * (sums[level.ends] - sums[level.starts])
            counted = products.sum(keepdims=True)
            if self._group_count > 1:
                groups = self._groups[level.order[level.high]]
                counted = np.bincount(groups, products, minlength=self._group_count)
            if factor is None:
                pairs += counted
            else:
                won += factor * counted
        return won, pairs

    def _levels(self) -> Iterator[tuple[float | None, _Level]]:
        """What a pair that a level finds counts; None for that of all pairs."""
        if not len(self._labels):
            return
        order = np.lexsort((self._labels, self._groups))
        together = self._groups.astype(np.int64)
        yield None, self._level(order, together, None)
        for bit in range(int(self._places.max()).bit_length() - 1, -1, -1):
            ones = (self._places >> bit & 1).astype(bool)
            yield 1.0, self._level(order, together, ones)
            together = together * 2 + ones
            order = order[np.argsort(together[order], kind="stable")]
        yield 0.5, self._level(order, together, None)

    def _level(
        self, order: _Integers, together: _Integers, ones: npt.NDArray[np.bool_] | None
    ) -> _Level:
        """Rows of bit 1 are compared with those of bit 0; without bits all with all."""
        at = np.arange(len(order))
        new = np.append(True, np.diff(together[order]) != 0)
        starts = np.maximum.accumulate(np.where(new, at, 0))
        new |= np.append(True, np.diff(self._labels[order]) != 0)
        ends = np.maximum.accumulate(np.where(new, at, 0))
        low = np.ones(len(order), bool) if ones is None else ~ones[order]
        high = at if ones is None else np.flatnonzero(~low)
        small = np.int32 if len(order) < 2**31 else np.int64
        return _Level(
            order.astype(small),
            low,
            high.astype(small),
            starts[high].astype(small),
            ends[high].astype(small),
        )


def share_of(won: float, pairs: float) -> float:
    """One over the other; NaN without a pair."""
    return math.nan if pairs == 0.0 else float(won / pairs)
