"""XAUC: how well predictions order rows by a number."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from infnet_keras.metrics.grouped_auc import AUCPerGroup, GroupedAUC, mean_over_groups
from infnet_keras.metrics.labelled_numbers import labelled_numbers, weights_checked
from infnet_keras.metrics.pair_ranking import PairRanking, share_of


def xauc(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> float:
    """Share of pairs of rows that predictions order as their labels do, a tie counting half.

    Pairs of equal labels are left out. Of labels 0 and 1 it is the AUC. It takes
    rows * log(rows), not every pair.

    Args:
        labels: [rows], any finite numbers, or NaN; rows with NaN are dropped.
        predictions: [rows], finite; only their order matters.
        weights: [rows], not negative; a row of weight 2 counts like two rows. None: all 1.

    Returns:
        The share, in [0, 1]; NaN where all labels are equal (or have no weight).

    Raises:
        DataError: lengths differ, a label is infinite, a prediction is not finite, or a weight is
            negative or not finite.

    Example:
        >>> xauc([10.0, 20.0, 30.0], [0.1, 0.9, 0.9])  # 2 1/2 pairs of 3
        0.8333...

    Reference:
        Zhan et al., Deconfounding duration bias in watch-time prediction for video recommendation,
        KDD 2022, arXiv 2206.06003, section on metrics.
    """
    given = () if weights is None else (weights,)
    label_array, prediction_array, others = labelled_numbers(labels, predictions, *given)
    weight_array = weights_checked(others[0]) if others else np.ones(len(label_array))
    if not len(label_array):
        return float("nan")
    won, pairs = PairRanking(label_array, prediction_array).shares(weight_array)
    return share_of(won[0], pairs[0])


def xauc_per_group(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, groups: npt.ArrayLike
) -> AUCPerGroup:
    """XAUC of every group, without a loop over groups.

    Args:
        labels: [rows], any finite numbers, or NaN; rows with NaN are dropped.
        predictions: [rows], finite.
        groups: [rows], the row's group: integers or strings.

    Returns:
        The groups, the XAUC of each (NaN where its labels are all equal) and its labelled rows.

    Raises:
        DataError: lengths differ, a label is infinite, or a prediction is not finite.
    """
    label_array, prediction_array, (group_array,) = labelled_numbers(labels, predictions, groups)
    names, codes = np.unique(group_array, return_inverse=True)
    won, pairs = PairRanking(label_array, prediction_array, codes).shares(np.ones(len(codes)))
    shares = np.full(len(names), np.nan)
    np.divide(won, pairs, out=shares, where=pairs > 0)
    return AUCPerGroup(names, shares, np.bincount(codes, minlength=len(names)).astype(np.int64))


def grouped_xauc(
    labels: npt.ArrayLike,
    predictions: npt.ArrayLike,
    groups: npt.ArrayLike,
    weighting: Literal["uniform", "impression"] = "uniform",
) -> GroupedAUC:
    """XAUC within each group, averaged over the groups that have two different labels.

    Args:
        labels: [rows], any finite numbers, or NaN; rows with NaN are dropped.
        predictions: [rows], finite.
        groups: [rows], the row's group (for gXAUC its user): integers or strings.
        weighting: as `grouped_auc` takes it.

    Returns:
        The mean, as `grouped_auc` gives it; groups whose labels are all equal are left out.

    Raises:
        DataError: as `xauc_per_group`, or an unknown weighting.

    Example:
        >>> grouped_xauc([3.0, 1.0, 2.0, 5.0], [0.9, 0.1, 0.6, 0.5], ["a", "a", "b", "b"]).value
        0.5
    """
    return mean_over_groups(xauc_per_group(labels, predictions, groups), weighting)
