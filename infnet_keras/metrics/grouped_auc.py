"""AUC within groups (users), averaged: gAUC."""

import math
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.metrics.labelled_rows import Floats, labelled_rows


class GroupedAUC(NamedTuple):
    """Mean of the groups' AUC, over how many groups, and how many had one class only."""

    value: float
    groups_counted: int
    groups_left_out: int


class AUCPerGroup(NamedTuple):
    """One entry per group that has a labelled row, in ascending order of the group."""

    groups: npt.NDArray[Any]
    auc: Floats
    rows: npt.NDArray[np.int64]


def auc_per_group(
    labels: npt.ArrayLike, scores: npt.ArrayLike, groups: npt.ArrayLike
) -> AUCPerGroup:
    """Exact AUC of every group, without a loop over groups.

    Args:
        labels: [rows], 0, 1 or NaN; rows with NaN are dropped.
        scores: [rows], finite.
        groups: [rows], the row's group: integers or strings.

    Returns:
        The groups, the AUC of each (NaN where it has one class only) and its labelled rows.

    Raises:
        DataError: lengths differ, a label is not 0, 1 or NaN, or a score is not finite.
    """
    positive, score_array, (group_array,) = labelled_rows(labels, scores, groups)
    names, codes = np.unique(group_array, return_inverse=True)
    if not len(codes):
        return AUCPerGroup(names, np.zeros(0), np.zeros(0, np.int64))
    order = np.lexsort((score_array, codes))
    positive, score_array, codes = positive[order], score_array[order], codes[order]

    new_group = np.append(True, codes[1:] != codes[:-1])
    group_starts = np.flatnonzero(new_group)
    rows = np.diff(group_starts, append=len(codes))
    run_starts = np.flatnonzero(new_group | np.append(True, score_array[1:] != score_array[:-1]))
    run_lengths = np.diff(run_starts, append=len(codes))
    # Rows with equal scores share the mean of their places, counted from 1 within the group.
    places = np.repeat(run_starts + (run_lengths + 1) / 2, run_lengths)
    places -= np.repeat(group_starts, rows)

    positives = np.add.reduceat(positive, group_starts, dtype=np.float64)
    pairs = positives * (rows - positives)
    place_sums = np.add.reduceat(np.where(positive, places, 0.0), group_starts)
    areas = np.full(len(names), math.nan)
    np.divide(place_sums - positives * (positives + 1) / 2, pairs, out=areas, where=pairs > 0)
    return AUCPerGroup(names, areas, rows.astype(np.int64))


def grouped_auc(
    labels: npt.ArrayLike,
    scores: npt.ArrayLike,
    groups: npt.ArrayLike,
    weighting: Literal["uniform", "impression"] = "uniform",
) -> GroupedAUC:
    """AUC within each group, averaged over the groups that have both classes.

    Args:
        labels: [rows], 0, 1 or NaN; rows with NaN are dropped.
        scores: [rows], finite.
        groups: [rows], the row's group (for gAUC its user): integers or strings.
        weighting: "uniform", every group counts once (the paper's gAUC), or "impression", every
            group counts as many times as it has labelled rows.

    Returns:
        The mean (NaN where no group has both classes), the number of groups in it, and the number
        of groups left out because all their labels are equal.

    Raises:
        DataError: as `auc_per_group`, or an unknown weighting.

    Example:
        >>> grouped_auc([1, 0, 0, 1, 1], [0.9, 0.1, 0.6, 0.5, 0.3], ["a", "a", "b", "b", "c"])
        GroupedAUC(value=0.5, groups_counted=2, groups_left_out=1)

    Reference:
        arXiv 2508.11565, section on metrics.
    """
    return mean_over_groups(auc_per_group(labels, scores, groups), weighting)


def mean_over_groups(per_group: AUCPerGroup, weighting: str) -> GroupedAUC:
    """The mean over the groups that have a value; see `grouped_auc`.

    Raises:
        DataError: an unknown weighting.
    """
    if weighting not in ("uniform", "impression"):
        raise DataError(f"weighting is 'uniform' or 'impression', not {weighting!r}")
    counted = ~np.isnan(per_group.auc)
    number = int(np.count_nonzero(counted))
    value = math.nan
    if number:
        weights = per_group.rows[counted] if weighting == "impression" else None
        value = float(np.average(per_group.auc[counted], weights=weights))
    return GroupedAUC(value, number, len(counted) - number)
