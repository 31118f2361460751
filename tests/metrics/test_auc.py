import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from infnet_keras.errors import DataError
from infnet_keras.metrics import auc

# Few distinct scores make many ties.
ROWS = st.lists(
    st.tuples(st.booleans(), st.integers(-3, 3), st.integers(0, 4)), min_size=1, max_size=60
)


@given(ROWS)
def test_is_that_of_scikit_learn(rows):
    labels, scores, _ = map(np.array, zip(*rows, strict=True))
    if labels.all() or not labels.any():
        assert math.isnan(auc(labels, scores))
    else:
        assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@given(ROWS)
def test_a_weight_counts_as_repeated_rows(rows):
    labels, scores, weights = map(np.array, zip(*rows, strict=True))
    repeated = auc(np.repeat(labels, weights), np.repeat(scores, weights))
    assert auc(labels, scores, weights) == pytest.approx(repeated, abs=1e-12, nan_ok=True)


@given(ROWS)
def test_swapping_the_classes_mirrors_it(rows):
    labels, scores, _ = map(np.array, zip(*rows, strict=True))
    mirrored = 1 - auc(~labels, scores)
    assert auc(labels, scores) == pytest.approx(mirrored, abs=1e-12, nan_ok=True)


def test_is_exact_on_many_rows():
    rng = np.random.default_rng(0)
    labels, scores = rng.random(200_000) < 0.1, rng.random(200_000).astype("float32")
    assert auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_drops_rows_without_a_label_whatever_their_score():
    labels = np.array([1, np.nan, 0, np.nan, 1, 0])
    scores = np.array([0.9, np.inf, 0.1, np.nan, 0.2, 0.5])
    assert auc(labels, scores) == 0.75
    weights = np.array([1, np.nan, 1, -4, 1, 1])
    assert auc(labels, scores, weights) == 0.75


def test_edges():
    assert math.isnan(auc([], []))
    assert math.isnan(auc([np.nan], [0.5]))
    assert math.isnan(auc([1, 1], [0.1, 0.2]))
    assert math.isnan(auc([1, 0], [0.1, 0.2], [1, 0]))
    assert auc([1, 0, 1, 0, 0], [0.5] * 5) == 0.5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_refuses_scores_that_are_not_finite(bad):
    with pytest.raises(DataError, match="1 of 3 scores are not finite"):
        auc([1, 0, 1], [0.5, bad, 0.5])


def test_refuses_strange_labels_lengths_and_weights():
    with pytest.raises(DataError, match=r"found 2\.0"):
        auc([1, 0, 2], [0.1, 0.2, 0.3])
    with pytest.raises(DataError, match="one length"):
        auc([1, 0], [0.1, 0.2, 0.3])
    with pytest.raises(DataError, match="one length"):
        auc([[1], [0]], [[0.1], [0.2]])
    for weight in (-1.0, np.nan, np.inf):
        with pytest.raises(DataError, match="weights"):
            auc([1, 0], [0.1, 0.2], [1.0, weight])
