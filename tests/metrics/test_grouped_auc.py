import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from infnet_keras.errors import DataError
from infnet_keras.metrics import GroupedAUC, auc_per_group, grouped_auc

ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, math.nan]), st.integers(-2, 2), st.integers(0, 5)),
    max_size=80,
)


def columns(rows):
    return np.array(rows, dtype=float).reshape(-1, 3).T


def one_by_one(labels, scores, groups):
    """AUC and rows of each group with both classes, and the number of groups without."""
    areas, rows, left_out = [], [], 0
    for group in np.unique(groups):
        kept = (groups == group) & ~np.isnan(labels)
        if not kept.any():
            continue
        if len(set(labels[kept])) < 2:
            left_out += 1
            continue
        areas.append(roc_auc_score(labels[kept], scores[kept]))
        rows.append(kept.sum())
    return areas, rows, left_out


@given(ROWS)
def test_is_scikit_learns_auc_averaged_over_users(rows):
    labels, scores, groups = columns(rows)
    areas, sizes, left_out = one_by_one(labels, scores, groups)
    uniform = grouped_auc(labels, scores, groups)
    impression = grouped_auc(labels, scores, groups, "impression")
    for found in (uniform, impression):
        assert found[1:] == (len(areas), left_out)
    if areas:
        assert uniform.value == pytest.approx(np.mean(areas), abs=1e-12)
        expected = np.average(areas, weights=sizes)
        assert impression.value == pytest.approx(expected, abs=1e-12)
    else:
        assert math.isnan(uniform.value)
        assert math.isnan(impression.value)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    one, other = grouped_auc(*columns(rows)), grouped_auc(*columns(shuffled))
    assert one.value == pytest.approx(other.value, nan_ok=True)
    assert one[1:] == other[1:]


def test_many_groups():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 100_000, 300_000) * 7919
    labels, scores = (rng.random(300_000) < 0.3) * 1.0, rng.random(300_000)
    found = auc_per_group(labels, scores, groups)
    for index in rng.integers(0, len(found.groups), 50):
        kept = groups == found.groups[index]
        assert found.rows[index] == kept.sum()
        if len(set(labels[kept])) == 2:
            expected = roc_auc_score(labels[kept], scores[kept])
            assert found.auc[index] == pytest.approx(expected, abs=1e-12)
        else:
            assert math.isnan(found.auc[index])


def test_groups_may_be_strings():
    found = grouped_auc([1, 0, 0, 1, 1], [0.9, 0.1, 0.6, 0.5, 0.3], ["a", "a", "b", "b", "c"])
    assert found == GroupedAUC(0.5, 2, 1)


def test_one_user_is_the_plain_auc():
    labels, scores = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]
    assert grouped_auc(labels, scores, [7] * 4) == GroupedAUC(0.75, 1, 0)


def test_constant_scores_are_a_half():
    assert grouped_auc([1, 0, 1, 0], [0.2] * 4, [1, 1, 2, 2]).value == 0.5


def test_nothing_labelled():
    found = grouped_auc([np.nan], [0.5], [1])
    assert math.isnan(found.value)
    assert found[1:] == (0, 0)


def test_refuses_nan_scores_and_unknown_weighting():
    with pytest.raises(DataError, match="not finite"):
        grouped_auc([1, 0], [np.nan, 0.5], [1, 1])
    with pytest.raises(DataError, match="'click'"):
        grouped_auc([1, 0], [0.2, 0.5], [1, 1], "click")
