"""XAUC against every pair, and against the AUC where labels are 0 and 1."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from infnet_keras.errors import DataError
from infnet_keras.metrics import auc, grouped_auc, grouped_xauc, xauc, xauc_per_group
from infnet_keras.metrics.pair_ranking import PairRanking

# Few distinct numbers make many ties on both sides.
ROWS = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(-4, 4), st.integers(0, 3), st.integers(0, 2)),
    min_size=1,
    max_size=40,
)


def by_pairs(labels, predictions, weights):
    """Every pair of rows, one after the other."""
    won = pairs = 0.0
    for i in range(len(labels)):
        for j in range(len(labels)):
            if labels[i] > labels[j]:
                weight = float(weights[i] * weights[j])
                pairs += weight
                above, tied = predictions[i] > predictions[j], predictions[i] == predictions[j]
                won += weight * (1.0 if above else 0.5 if tied else 0.0)
    return won / pairs if pairs else math.nan


@given(ROWS)
def test_it_is_the_share_of_pairs_in_order(rows):
    labels, predictions, weights, _ = map(np.array, zip(*rows, strict=True))
    found = xauc(labels, predictions, weights)
    expected = by_pairs(labels, predictions, weights)
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)
    alike = by_pairs(labels, predictions, np.ones(len(labels)))
    assert xauc(labels, predictions) == pytest.approx(alike, abs=1e-12, nan_ok=True)


@given(ROWS)
def test_of_zeros_and_ones_it_is_the_auc(rows):
    labels, predictions, weights, groups = map(np.array, zip(*rows, strict=True))
    binary = (labels > 0).astype(float)
    expected = auc(binary, predictions, weights)
    assert xauc(binary, predictions, weights) == pytest.approx(expected, abs=1e-12, nan_ok=True)
    for weighting in ("uniform", "impression"):
        found = grouped_xauc(binary, predictions, groups, weighting)
        assert found == pytest.approx(
            grouped_auc(binary, predictions, groups, weighting), abs=1e-12, nan_ok=True
        )


@given(ROWS)
def test_each_group_has_its_own(rows):
    labels, predictions, _, groups = map(np.array, zip(*rows, strict=True))
    found = xauc_per_group(labels, predictions, groups)
    assert found.groups.tolist() == sorted(set(groups.tolist()))
    for name, value, count in zip(*found, strict=True):
        here = groups == name
        expected = by_pairs(labels[here], predictions[here], np.ones(here.sum()))
        assert value == pytest.approx(expected, abs=1e-12, nan_ok=True)
        assert count == here.sum()


def test_without_ties_it_is_kendalls_tau():
    random = np.random.default_rng(0)
    labels = random.permutation(5000).astype(float)
    predictions = labels + random.normal(0, 2000, 5000)
    tau = kendalltau(labels, predictions).statistic
    assert xauc(labels, predictions) == pytest.approx((tau + 1) / 2, abs=1e-12)


def test_what_is_kept_for_many_weights_gives_what_is_made_anew():
    random = np.random.default_rng(1)
    labels, predictions = random.integers(0, 9, 300) * 1.0, random.integers(0, 50, 300) * 1.0
    kept, anew = (PairRanking(labels, predictions, reused=reused) for reused in (True, False))
    for _ in range(3):
        weights = random.integers(0, 3, 300) * 1.0
        np.testing.assert_array_equal(kept.shares(weights), anew.shares(weights))


def test_rows_without_a_label_are_dropped():
    assert xauc([1, math.nan, 2], [0.1, 7.0, 0.2]) == 1.0
    assert math.isnan(xauc([math.nan, 5.0], [0.1, 0.2]))
    assert math.isnan(xauc([], []))


@pytest.mark.parametrize(
    ("labels", "predictions", "weights"),
    [
        ([1.0, math.inf], [0.1, 0.2], None),
        ([1.0, 2.0], [0.1, math.nan], None),
        ([1.0, 2.0], [0.1, 0.2, 0.3], None),
        ([1.0, 2.0], [0.1, 0.2], [1.0, -1.0]),
    ],
)
def test_what_is_refused(labels, predictions, weights):
    with pytest.raises(DataError):
        xauc(labels, predictions, weights)
